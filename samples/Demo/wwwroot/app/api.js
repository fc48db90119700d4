// What the page asks of the server.

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function answer(path, options) {
  const response = await fetch(path, options).catch(error => {
    if (options?.signal?.aborted) throw error;
    throw new Refused(0, 'The server does not answer. Is the program still running?');
  });
  if (response.ok) return response;
  let message = `The server answered ${response.status}.`;
  try {
    const problem = await response.json();
    message = problem.detail ?? problem.title ?? message;
  } catch {
    // An answer without a reason keeps its number.
  }
  throw new Refused(response.status, message);
}

export const about = async () => (await answer('api/about')).json();

export const cosmos = async () => (await answer('api/cosmos')).json();

async function floats(path, bytes, signal) {
  const response = await answer(path, { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: bytes, signal });
  return new Float32Array(await response.arrayBuffer());
}

/** [max(1, L), 27] features, row by row. */
export const features = (bytes, signal) => floats('api/features', bytes, signal);

/** [max(1, ceil(L/8)), 512] slots, row by row. */
export const slots = (bytes, signal) => floats('api/slots', bytes, signal);

/** Resolves when bytes can be generated, and tells of the progress until then. A server has its model from the start. */
export const prepare = async () => {};

/** A question with its facts, its answer, and the bits of each byte of the answer. */
export const ask = async (request, signal) => (await answer('api/ask', {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(request), signal,
})).json();

/** Yields a line for every byte generated and one for the end. Leaving the loop or aborting the signal ends the work on the server too. */
export async function* generate(request, signal) {
  const response = await answer('api/generate', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(request), signal,
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const ended = () => new Refused(0, 'The connection to the server ended. Is the program still running?');
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read().catch(error => {
        throw signal.aborted ? error : ended();
      });
      if (done) throw ended();
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      for (const line of lines.map(JSON.parse)) {
        yield line;
        if (line.end) return;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
