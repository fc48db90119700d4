// The input: text, a file or bytes from elsewhere on the page. Asks for features and slots a moment after the last change.

import * as api from './api.js';
import { hex } from './bytes.js';

const patience = 60; // milliseconds without a change
const retryAfter = 400; // milliseconds, where the server was busy

const examples = {
  'A sentence': 'No learned input layer, 안녕! Twenty-seven signals per byte.',
  '한국어': '바이트는 신호다. 학습된 입력층은 없다.',
  Emoji: '🌍🚀✨ naïve café ¡olé!',
  'All 256 bytes': Uint8Array.from({ length: 256 }, (_, value) => value),
};

export class Source {
  #state;
  #limit;
  #text = document.getElementById('text');
  #file = document.getElementById('file');
  #problem = document.getElementById('source-problem');
  #facts = document.getElementById('source-facts');
  #timer = 0;
  #request = new AbortController();

  constructor(state, limit) {
    this.#state = state;
    this.#limit = limit;
    this.#text.addEventListener('input', () => this.#changed());
    document.getElementById('file-close').addEventListener('click', () => {
      this.#showText();
      this.#text.focus();
    });

    const picker = document.getElementById('picker');
    document.getElementById('pick').addEventListener('click', () => picker.click());
    picker.addEventListener('change', () => {
      if (picker.files.length > 0) this.#open(picker.files[0]);
      picker.value = '';
    });
    this.#acceptDrops();

    document.getElementById('examples').append(...Object.entries(examples).map(([name, content]) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = name;
      button.addEventListener('click', () => {
        if (typeof content === 'string') {
          this.#text.value = content;
          this.#showText();
        } else {
          this.showBytes(name, content, content.length);
        }
      });
      return button;
    }));

    this.#text.value = examples['A sentence'];
    this.#ask();
  }

  /** Shows bytes that are not typed, the first of `total`. */
  showBytes(name, bytes, total) {
    this.#file.hidden = false;
    this.#text.hidden = true;
    const kept = bytes.subarray(0, this.#limit);
    this.#file.bytes = kept;
    document.getElementById('file-name').textContent = name;
    document.getElementById('file-note').textContent =
      total > kept.length ? `the first ${kept.length.toLocaleString('en')} of ${total.toLocaleString('en')} bytes` : `${total.toLocaleString('en')} bytes`;
    document.getElementById('file-hex').textContent =
      [...kept.subarray(0, 32)].map(hex).join(' ') + (kept.length > 32 ? ' …' : '');
    this.#ask();
  }

  #showText() {
    this.#file.hidden = true;
    this.#text.hidden = false;
    this.#ask();
  }

  async #open(file) {
    try {
      const bytes = new Uint8Array(await file.slice(0, this.#limit).arrayBuffer());
      this.showBytes(file.name, bytes, file.size);
    } catch {
      this.#tellProblem(`${file.name} cannot be read. Folders cannot be opened.`);
    }
  }

  #acceptDrops() {
    const veil = document.getElementById('drop');
    const carriesFiles = event => event.dataTransfer?.types.includes('Files');
    addEventListener('dragover', event => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      veil.hidden = false;
    });
    addEventListener('dragleave', event => {
      if (!event.relatedTarget) veil.hidden = true;
    });
    addEventListener('drop', event => {
      veil.hidden = true;
      if (!carriesFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer.files.length > 0) this.#open(event.dataTransfer.files[0]);
    });
  }

  #changed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), patience);
  }

  #current() {
    const all = this.#file.hidden ? new TextEncoder().encode(this.#text.value) : this.#file.bytes;
    return { bytes: all.subarray(0, this.#limit), cut: this.#file.hidden && all.length > this.#limit };
  }

  async #ask() {
    clearTimeout(this.#timer);
    this.#request.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    const { bytes, cut } = this.#current();
    try {
      const [features, slots] = await Promise.all([api.features(bytes, signal), api.slots(bytes, signal)]);
      if (signal.aborted) return;
      this.#tellProblem(cut ? `Only the first ${this.#limit.toLocaleString('en')} bytes are shown.` : '');
      this.#tellFacts(bytes.length);
      this.#state.set(bytes.length > 0 ? bytes : new Uint8Array([0]), features, slots);
    } catch (error) {
      if (signal.aborted) return;
      this.#tellProblem(error.message);
      if (error.status === 429) this.#timer = setTimeout(() => this.#ask(), retryAfter);
    }
  }

  #tellFacts(length) {
    const slots = Math.ceil(Math.max(1, length) / this.#state.bytesPerSlot);
    const count = document.createElement('b');
    count.textContent = length === 0 ? 'Empty input' : `${length.toLocaleString('en')} ${length === 1 ? 'byte' : 'bytes'}`;
    this.#facts.replaceChildren(count, length === 0 ? ' counts as one 0x00 byte: ' : ' · ', `${slots.toLocaleString('en')} ${slots === 1 ? 'slot' : 'slots'}`);
  }

  #tellProblem(message) {
    this.#problem.textContent = message;
    this.#problem.hidden = message === '';
  }
}
