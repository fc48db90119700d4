/* Stands in for NCCL on a machine without a GPU: the ranks are threads of one process, and the memory is the host's. It notes every call,
   really exchanges between the ranks, and fails where a test tells it to. The declarations come from NcclPrototypes.cs. */
#include "nccl_prototypes.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_RANKS = 8, MOST_WORLDS = 256, LOG_BYTES = 1 << 20 };

struct world {
  unsigned char id[128];
  int size, arrived, aborted;
  unsigned generation;
  const void* send[MOST_RANKS];
};

struct ncclComm {
  struct world* world;
  int rank;
};

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static struct world worlds[MOST_WORLDS];
static int world_count, id_count, abort_seconds, log_length, failing_result;
static volatile int async_result;
static char failing_call[64];
static char log_text[LOG_BYTES];
static char last_error[256];

/* Notes a call. The result is what the call must return: a failure that a test asked for, or success. */
static ncclResult_t note(const char* name, const char* format, ...) {
  pthread_mutex_lock(&gate);
  va_list values;
  va_start(values, format);
  log_length += snprintf(log_text + log_length, LOG_BYTES - log_length, "%s ", name);
  log_length += vsnprintf(log_text + log_length, LOG_BYTES - log_length, format, values);
  log_length += snprintf(log_text + log_length, LOG_BYTES - log_length, "\n");
  va_end(values);
  if (log_length > LOG_BYTES / 2) abort();
  ncclResult_t result = strcmp(name, failing_call) == 0 ? (ncclResult_t)failing_result : ncclSuccess;
  pthread_mutex_unlock(&gate);
  return result;
}

/* Returns when all ranks of the world have come, or with a failure when one of them aborts. */
static ncclResult_t meet(struct world* world) {
  pthread_mutex_lock(&gate);
  unsigned generation = world->generation;
  if (++world->arrived == world->size) {
    world->arrived = 0;
    world->generation++;
    pthread_cond_broadcast(&moved);
  }
  while (generation == world->generation && !world->aborted) pthread_cond_wait(&moved, &gate);
  ncclResult_t result = generation == world->generation ? ncclRemoteError : ncclSuccess;
  pthread_mutex_unlock(&gate);
  return result;
}

static size_t bytes_of(ncclDataType_t type) {
  return type == ncclUint8 ? 1 : type == ncclFloat32 ? 4 : type == ncclFloat64 || type == ncclInt64 ? 8 : 2;
}

ncclResult_t ncclGetVersion(int* version) {
  *version = 23007;
  return note("ncclGetVersion", "");
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  ncclResult_t result = note("ncclGetUniqueId", "");
  pthread_mutex_lock(&gate);
  id_count++;
  for (int i = 0; i < 128; i++) id->internal[i] = (char)(i == 0 ? id_count : 255 - i);
  pthread_mutex_unlock(&gate);
  return result;
}

ncclResult_t ncclCommInitRank(ncclComm_t* communicator, int size, ncclUniqueId id, int rank) {
  char hex[257];
  for (int i = 0; i < 128; i++) sprintf(hex + 2 * i, "%02x", (unsigned char)id.internal[i]);
  ncclResult_t result = note("ncclCommInitRank", "size=%d rank=%d id=%s", size, rank, hex);
  if (result != ncclSuccess) return result;
  if (size < 1 || size > MOST_RANKS || rank < 0 || rank >= size) return ncclInvalidArgument;
  pthread_mutex_lock(&gate);
  struct world* world = worlds;
  while (world < worlds + world_count && memcmp(world->id, id.internal, 128) != 0) world++;
  if (world == worlds + MOST_WORLDS) abort();
  if (world == worlds + world_count) {
    world_count++;
    memcpy(world->id, id.internal, 128);
    world->size = size;
  }
  pthread_mutex_unlock(&gate);
  *communicator = malloc(sizeof(struct ncclComm));
  (*communicator)->world = world;
  (*communicator)->rank = rank;
  return meet(world);
}

/* Adds from the last rank to the first, so that a sum in rank order can be told from this one. */
ncclResult_t ncclAllReduce(const void* send, void* receive, size_t count, ncclDataType_t type, ncclRedOp_t operation,
                           ncclComm_t communicator, cudaStream_t stream) {
  struct world* world = communicator->world;
  ncclResult_t result = note("ncclAllReduce", "rank=%d send=%lld receive=%lld count=%zu type=%d operation=%d stream=%lld",
                             communicator->rank, (long long)(intptr_t)send, (long long)(intptr_t)receive, count, type, operation,
                             (long long)(intptr_t)stream);
  if (result != ncclSuccess) return result;
  if (operation != ncclSum || (type != ncclFloat32 && type != ncclFloat64)) return ncclInvalidArgument;
  world->send[communicator->rank] = send;
  if ((result = meet(world)) != ncclSuccess) return result;
  void* sum = malloc(count * bytes_of(type) + 1);
  memcpy(sum, world->send[world->size - 1], count * bytes_of(type));
  for (int rank = world->size - 2; rank >= 0; rank--)
    for (size_t i = 0; i < count; i++) {
      if (type == ncclFloat32) ((float*)sum)[i] += ((const float*)world->send[rank])[i];
      else ((double*)sum)[i] += ((const double*)world->send[rank])[i];
    }
  result = meet(world);
  memcpy(receive, sum, count * bytes_of(type));
  free(sum);
  return result == ncclSuccess ? meet(world) : result;
}

ncclResult_t ncclAllGather(const void* send, void* receive, size_t count, ncclDataType_t type, ncclComm_t communicator,
                           cudaStream_t stream) {
  struct world* world = communicator->world;
  ncclResult_t result = note("ncclAllGather", "rank=%d send=%lld receive=%lld count=%zu type=%d stream=%lld", communicator->rank,
                             (long long)(intptr_t)send, (long long)(intptr_t)receive, count, type, (long long)(intptr_t)stream);
  if (result != ncclSuccess) return result;
  world->send[communicator->rank] = send;
  if ((result = meet(world)) != ncclSuccess) return result;
  size_t bytes = count * bytes_of(type);
  for (int rank = 0; rank < world->size; rank++) memcpy((char*)receive + rank * bytes, world->send[rank], bytes);
  return meet(world);
}

ncclResult_t ncclBroadcast(const void* send, void* receive, size_t count, ncclDataType_t type, int root, ncclComm_t communicator,
                           cudaStream_t stream) {
  struct world* world = communicator->world;
  ncclResult_t result = note("ncclBroadcast", "rank=%d send=%lld receive=%lld count=%zu type=%d root=%d stream=%lld", communicator->rank,
                             (long long)(intptr_t)send, (long long)(intptr_t)receive, count, type, root, (long long)(intptr_t)stream);
  if (result != ncclSuccess) return result;
  world->send[communicator->rank] = send;
  if ((result = meet(world)) != ncclSuccess) return result;
  if (communicator->rank != root) memcpy(receive, world->send[root], count * bytes_of(type));
  return meet(world);
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t communicator, ncclResult_t* result) {
  *result = (ncclResult_t)async_result;
  return communicator == NULL ? ncclInvalidArgument : ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t result) {
  switch (result) {
    case ncclInvalidUsage: return "invalid usage";
    case ncclRemoteError: return "remote\nerror";
    default: return "error";
  }
}

ncclResult_t ncclCommAbort(ncclComm_t communicator) {
  ncclResult_t result = note("ncclCommAbort", "rank=%d", communicator->rank);
  sleep(abort_seconds);
  pthread_mutex_lock(&gate);
  communicator->world->aborted = 1;
  pthread_cond_broadcast(&moved);
  pthread_mutex_unlock(&gate);
  return result;
}

ncclResult_t ncclCommDestroy(ncclComm_t communicator) {
  return note("ncclCommDestroy", "rank=%d", communicator->rank);
}

#ifndef OLD
const char* ncclGetLastError(ncclComm_t communicator) {
  (void)communicator;
  return last_error;
}

ncclResult_t ncclCommFinalize(ncclComm_t communicator) {
  return note("ncclCommFinalize", "rank=%d", communicator->rank);
}
#endif

/* What tests use. */

void stand_in_reset(void) {
  pthread_mutex_lock(&gate);
  log_length = 0;
  log_text[0] = 0;
  failing_call[0] = 0;
  last_error[0] = 0;
  async_result = 0;
  abort_seconds = 0;
  pthread_mutex_unlock(&gate);
}

const char* stand_in_log(void) { return log_text; }

void stand_in_fail(const char* call, int result, const char* error) {
  pthread_mutex_lock(&gate);
  snprintf(failing_call, sizeof failing_call, "%s", call);
  snprintf(last_error, sizeof last_error, "%s", error);
  failing_result = result;
  pthread_mutex_unlock(&gate);
}

void stand_in_set_async_error(int result) { async_result = result; }

void stand_in_set_abort_seconds(int seconds) { abort_seconds = seconds; }
