// Runs .NET off the page's thread, so that the page stays responsive. Each message is a call; its answer has the same id.

// A module whose only function uses a vector instruction.
const simd = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11);

/** Not every host knows the type that the browser needs to compile the runtime while it loads. */
function loadRuntime(type, name, url, integrity) {
  if (type !== 'dotnetwasm') return null;
  return fetch(url, { integrity, cache: 'no-cache' }).then(({ body, ok, status }) =>
    new Response(ok ? body : null, { status, headers: { 'Content-Type': 'application/wasm' } }));
}

async function start() {
  if (typeof WebAssembly !== 'object' || !WebAssembly.validate(simd))
    throw new Error('This browser has no WebAssembly with SIMD, so nothing can be computed. Browsers of 2023 or later have it.');
  const { dotnet } = await import('../runtime/dotnet.js');
  const { getAssemblyExports, getConfig } = await dotnet.withResourceLoader(loadRuntime).create();
  return (await getAssemblyExports(getConfig().mainAssemblyName)).HslEmbeddingZero.Samples.Demo.PageWorker;
}

const started = start();
const net = () => started.catch(error => {
  throw new Error(`The page’s runtime did not start: ${error.message ?? error}`);
});

async function fetchModel(url, tell) {
  const response = await fetch(url).catch(() => null);
  if (!response?.ok)
    throw new Error(`The model file cannot be loaded: ${response ? `the answer was ${response.status}` : 'there was no answer'}.`);
  // The length of a compressed answer is not that of the file.
  const total = response.headers.has('Content-Encoding') ? 0 : Number(response.headers.get('Content-Length'));
  const millions = bytes => (bytes / 1e6).toFixed(1);
  const pieces = [];
  let length = 0;
  for (const reader = response.body.getReader(); ;) {
    const { value, done } = await reader.read();
    if (done) break;
    pieces.push(value);
    length += value.length;
    tell(`Loading the model: ${millions(length)}${total > 0 ? ` of ${millions(total)}` : ''} MB…`);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

let generation = 0; // number of the one that goes on
const { port1, port2 } = new MessageChannel();

/** Lets the messages in that have come meanwhile, such as the one that ends a generation. */
const otherMessages = () => new Promise(resolve => {
  port1.onmessage = resolve;
  port2.postMessage(null);
});

const calls = {
  features: async bytes => (await net()).Features(bytes),
  slots: async bytes => (await net()).Slots(bytes),
  async load(url, tell) {
    const file = await fetchModel(url, tell);
    tell('Preparing the model…');
    const { Load } = await net();
    try {
      Load(file);
    } catch (error) {
      throw new Error(`The model file cannot be used: ${error.message}`);
    }
  },
  // Draws as fast as it can, whether the page has shown the bytes or not.
  async generate(request, tell) {
    const { Begin, Next, End } = await net();
    const own = ++generation;
    Begin(request);
    for (let line; own === generation && (line = Next()) !== null;) {
      tell(line);
      await otherMessages();
    }
    if (own === generation) End();
  },
  async end() {
    generation++;
    (await net()).End();
  },
};

addEventListener('message', async ({ data: { id, call, argument } }) => {
  try {
    const answer = await calls[call](argument, progress => postMessage({ id, progress }));
    postMessage({ id, answer }, answer instanceof Uint8Array ? [answer.buffer] : []);
  } catch (error) {
    postMessage({ id, refusal: error.message });
  }
});
