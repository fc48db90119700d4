// What the page asks of its worker where there is no server: the same functions as the server's api.js.

const at = path => new URL(`../${path}`, import.meta.url);
const worker = new Worker(at('app/worker.js'), { type: 'module' });
const waiting = new Map(); // by id: { resolve, reject, tell }
let lastId = 0;
let failure = null; // of the worker itself

worker.addEventListener('message', ({ data: { id, answer, refusal, progress } }) => {
  const { resolve, reject, tell } = waiting.get(id) ?? {};
  if (!resolve) return;
  if (progress !== undefined) return tell(progress);
  waiting.delete(id);
  if (refusal === undefined) resolve(answer);
  else reject(new Error(refusal));
});
worker.addEventListener('error', () => {
  failure = new Error('The page’s worker cannot run. Load the page again.');
  for (const { reject } of waiting.values()) reject(failure);
  waiting.clear();
});

const ask = (call, argument, tell) => new Promise((resolve, reject) => {
  if (failure) return reject(failure);
  waiting.set(++lastId, { resolve, reject, tell });
  worker.postMessage({ id: lastId, call, argument });
});

async function json(path) {
  const response = await fetch(at(path)).catch(() => null);
  if (!response?.ok) throw new Error(`The page’s file ${path} cannot be loaded. Is there a connection?`);
  return response.json();
}

/** Keeps all files of the page for later visits without a connection. Where the browser refuses that, the page works all the same. */
const keep = () => navigator.serviceWorker?.register(at('sw.js'), { updateViaCache: 'none' }).catch(() => {});

export async function about() {
  const page = await json('api/about.json');
  if (!page.model) keep();
  return page;
}

export const cosmos = () => json('api/cosmos.json');

/** [max(1, L), 27] features, row by row. */
export const features = async bytes => new Float32Array((await ask('features', bytes)).buffer);

/** [max(1, ceil(L/8)), 512] slots, row by row. */
export const slots = async bytes => new Float32Array((await ask('slots', bytes)).buffer);

/** Resolves when bytes can be generated, and tells of the progress until then. */
export async function prepare(tell) {
  await ask('load', at('model.safetensors').href, tell);
  keep();
}

/** A promise whose failure reaches those who wait for it. Nobody need wait: after an abort nobody does. */
const heeded = promise => {
  promise.catch(() => {});
  return promise;
};

/** Yields a line for every byte generated and one for the end. Leaving the loop or aborting the signal ends the work of the worker too. */
export async function* generate(request, signal) {
  const lines = []; // drawn, and not shown yet
  let news; // resolved when there are lines
  const expectNews = () => {
    news = Promise.withResolvers();
    heeded(news.promise);
  };
  expectNews();
  const tell = line => {
    lines.push(JSON.parse(line));
    news.resolve();
  };
  ask('generate', JSON.stringify(request), tell).catch(error => news.reject(error));
  signal.addEventListener('abort', () => news.reject(signal.reason), { once: true });
  try {
    for (;;) {
      await news.promise;
      expectNews();
      for (const line of lines.splice(0)) {
        signal.throwIfAborted();
        yield line;
        if (line.end) return;
      }
    }
  } finally {
    heeded(ask('end'));
  }
}
