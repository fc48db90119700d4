// Fig. 4: bytes as the model draws them, and what else could have come.

import * as api from './api.js';
import { describe, glyph, hex, Utf8Units } from './bytes.js';
import { onFrame } from './canvas.js';

const retryAfter = 1000; // milliseconds, where the server was busy

/** The lines of api.generate. A busy server is asked again until it has a place, or until the signal is aborted. */
async function* generatePatiently(request, signal, tellBusy) {
  for (;;) {
    try {
      yield* api.generate(request, signal);
      return;
    } catch (error) {
      if (error.status !== 429 || signal.aborted) throw error;
      tellBusy();
      await new Promise(resolve => {
        const timer = setTimeout(resolve, retryAfter);
        signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
      });
    }
  }
}

const ends = { stop: 'the server was stopped', length: 'as many as were asked for', document: 'the model ended the document', time: 'the time limit of one generation was reached' };

export class Generation {
  #form = document.getElementById('generation');
  #prompt = document.getElementById('prompt');
  #output = document.getElementById('output');
  #status = document.getElementById('generation-status');
  #problem = document.getElementById('generation-problem');
  #generate = document.getElementById('generate');
  #cancel = document.getElementById('cancel');
  #showAbove = document.getElementById('show-above');
  #chances = document.getElementById('chances');
  #title = document.getElementById('chances-title');
  #request = null;
  #drawn = []; // { byte, next }
  #shown = -1; // the byte pointed at, or -1 for the newest
  #updateChances = onFrame(() => this.#drawChances());

  constructor(about, showBytes) {
    const caption = document.getElementById('generation-caption');
    this.#prompt.value = 'And he said unto them, ';
    document.getElementById('length').max = about.generatedBytes;
    document.getElementById('temperature').max = Math.min(2, about.temperature);
    for (const name of ['temperature', 'top-p']) {
      const [input, value] = [document.getElementById(name), document.getElementById(`${name}-value`)];
      const tell = () => {
        value.textContent = Number(input.value).toFixed(2);
      };
      input.addEventListener('input', tell);
      tell();
    }

    if (about.model) {
      this.#prepare();
      const { name, steps, parameters, door, doorParameters, ngramOrders, ngramColumns, layers, dim } = about.model;
      const orders = ngramOrders?.join(', ').replace(/, (\d+)$/, ' and $1');
      caption.textContent = `${name}${steps === undefined ? '' : `, ${steps.toLocaleString('en')} steps`}: ${parameters.toLocaleString('en')} parameters, ${layers} layers of width ${dim}, behind the ${door} door with `
        + `${doorParameters === 0 ? 'no' : doorParameters.toLocaleString('en')} learned parameters.`
        + (orders ? ` After the 27 features it also reads fixed codes of the last ${orders} bytes, in ${ngramColumns} columns.` : '');
    } else {
      caption.textContent = '';
      document.getElementById('generation-missing').hidden = false;
      this.#generate.disabled = true;
      for (const field of this.#form.querySelectorAll('input, textarea')) field.disabled = true;
    }

    this.#form.addEventListener('submit', event => {
      event.preventDefault();
      this.#run(about);
    });
    this.#cancel.addEventListener('click', () => this.#request?.abort());
    this.#showAbove.addEventListener('click', () => {
      const prompt = new TextEncoder().encode(this.#prompt.value);
      showBytes('Prompt and continuation', Uint8Array.from([...prompt, ...this.#drawn.map(line => line.byte)]));
      document.getElementById('source').scrollIntoView({ block: 'start' });
    });
    this.#output.addEventListener('pointerover', event => {
      const at = event.target.closest?.('[data-at]')?.dataset.at;
      this.#show(at === undefined ? -1 : Number(at));
    });
    this.#output.addEventListener('pointerleave', () => this.#show(-1));
    this.#output.addEventListener('keydown', event => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step || this.#drawn.length === 0) return;
      event.preventDefault();
      const from = this.#shown < 0 ? this.#drawn.length : this.#shown;
      this.#show(Math.max(0, Math.min(this.#drawn.length - 1, from + step)));
    });
    this.#drawChances();
  }

  /** The button waits for the model; everything else on the page does not. */
  async #prepare() {
    this.#generate.disabled = true;
    try {
      await api.prepare(text => this.#tellStatus(text));
      this.#tellStatus('');
      this.#generate.disabled = false;
    } catch (error) {
      this.#tellProblem(error);
    }
  }

  async #run(about) {
    const number = id => Number(document.getElementById(id).value);
    const request = {
      prompt: this.#prompt.value, length: number('length'), temperature: number('temperature'), topK: number('top-k'), topP: number('top-p'), seed: number('seed'),
    };
    const abort = new AbortController();
    this.#request = abort;
    this.#generate.disabled = true;
    this.#cancel.disabled = false;
    this.#showAbove.disabled = true;
    this.#problem.hidden = true;
    this.#drawn = [];
    this.#last = null;
    this.#shown = -1;
    this.#tellStatus('Waiting for the model…');
    const given = document.createElement('span');
    given.className = 'given';
    given.textContent = request.prompt;
    this.#output.replaceChildren(given);

    const units = new Utf8Units();
    const arrived = []; // characters that are not on the page yet
    const began = performance.now();
    const tellRate = () => `${this.#drawn.length} bytes, ${(this.#drawn.length / (performance.now() - began) * 1000).toFixed(0)} a second`;
    // Once a frame and not for every byte: laying out what is there each time would leave a long answer no time for the page itself.
    const update = onFrame(() => {
      if (this.#request !== abort) return;
      this.#append(arrived.splice(0), units.pending);
      this.#tellStatus(tellRate());
      this.#drawChances();
    });
    let end = null;
    try {
      const tellBusy = () => this.#tellStatus('The server is busy. Waiting for a place…');
      for await (const line of generatePatiently(request, abort.signal, tellBusy)) {
        this.#last = line;
        if (line.end) {
          end = line.end;
          break;
        }
        this.#drawn.push({ byte: line.byte, next: line.next });
        arrived.push(...units.push(line.byte));
        update();
      }
      this.#tellStatus(`${tellRate()}: ${ends[end]}.`);
    } catch (error) {
      if (abort.signal.aborted) {
        this.#tellStatus(`Cancelled after ${this.#drawn.length} bytes.`);
      } else {
        this.#tellProblem(error);
      }
    } finally {
      this.#append([...arrived.splice(0), ...units.end()], []);
      this.#request = null;
      this.#generate.disabled = false;
      this.#cancel.disabled = true;
      this.#showAbove.disabled = this.#drawn.length === 0;
      this.#drawChances(); // with the status that says so, not a frame later
    }
  }

  #last = null;

  #tellStatus(text) {
    this.#status.textContent = text;
  }

  #tellProblem(error) {
    this.#tellStatus('');
    this.#problem.textContent = error.message;
    this.#problem.hidden = false;
  }

  /** Adds what is now certain, and shows faintly what may yet become a character. */
  #append(units, pending) {
    const follow = this.#output.scrollTop + this.#output.clientHeight > this.#output.scrollHeight - 40;
    for (const old of this.#output.querySelectorAll('.pending')) old.remove();
    let at = this.#drawn.length - pending.length - units.reduce((sum, unit) => sum + unit.bytes.length, 0);
    for (const unit of units) {
      at += unit.bytes.length;
      this.#output.append(this.#element(unit, at - 1));
    }
    pending.forEach((value, i) => this.#output.append(this.#chip(hex(value), 'pending', this.#drawn.length - pending.length + i)));
    if (follow) this.#output.scrollTop = this.#output.scrollHeight;
  }

  #element({ bytes, valid }, at) {
    if (!valid) return this.#chip(hex(bytes[0]), 'invalid', at);
    const text = new TextDecoder().decode(Uint8Array.from(bytes));
    if (bytes.length === 1 && glyph(bytes[0]).length > 1) return this.#chip(hex(bytes[0]), 'control', at);
    const element = document.createElement('span');
    element.className = 'unit';
    element.dataset.at = at;
    element.textContent = text;
    return element;
  }

  #chip(text, kind, at) {
    const element = document.createElement('span');
    element.className = `unit chip ${kind}`;
    element.dataset.at = at;
    element.title = kind === 'invalid' ? 'not valid UTF-8' : '';
    element.textContent = text;
    return element;
  }

  #show(at) {
    if (at === this.#shown) return;
    this.#output.querySelector('.shown')?.classList.remove('shown');
    this.#shown = at;
    if (at >= 0) {
      // A character of several bytes stands for all of them and carries the number of its last.
      const units = [...this.#output.querySelectorAll('[data-at]')];
      units.find(unit => Number(unit.dataset.at) >= at)?.classList.add('shown');
    }
    this.#updateChances();
  }

  #drawChances() {
    const finished = this.#shown < 0 && this.#last?.end;
    const line = this.#shown >= 0 ? this.#drawn[this.#shown] : this.#last;
    this.#title.textContent = !line ? 'Next byte'
      : finished ? 'What would come next'
        : `Byte ${this.#shown >= 0 ? this.#shown : this.#drawn.length - 1}: ${describe(line.byte)}`;
    this.#chances.replaceChildren(...(line?.next ?? []).map(({ id, probability }) => {
      const item = document.createElement('li');
      if (!finished && id === line.byte) item.className = 'drawn';
      const [sign, code, track, share] = ['span', 'span', 'span', 'span'].map(tag => document.createElement(tag));
      const bar = document.createElement('i');
      sign.className = 'of';
      sign.textContent = glyph(id);
      code.className = 'code';
      code.textContent = glyph(id).length > 1 ? '' : hex(id);
      track.className = 'track';
      bar.style.width = `${100 * probability}%`;
      track.append(bar);
      share.className = 'share';
      share.textContent = probability < 0.0005 ? '<0.1 %' : `${(100 * probability).toFixed(1)} %`;
      item.append(sign, code, track, share);
      return item;
    }));
  }
}
