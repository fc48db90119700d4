// Fig. 5: questions to a store of facts, and what the facts save.

import * as api from './api.js';
import { glyph, hex, Utf8Units } from './bytes.js';

const retryAfter = 1000; // milliseconds, where the server was busy
const kept = 5; // answers on the page
const brightest = 6; // bits of a byte that have the strongest colour
const strongest = 50; // percent of it, so that the text on it can be read

const kinds = { right: 'facts as they are', swapped: 'swapped facts', none: 'no facts', text: 'your text' };

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

const bits = value => `${value.toFixed(1)} bits`;

export class Asking {
  #textBytes;
  #question = document.getElementById('question');
  #own = document.getElementById('own');
  #text = document.getElementById('own-text');
  #size = document.getElementById('own-size');
  #answers = document.getElementById('answers');
  #cards = document.getElementById('cards');
  #readout = document.getElementById('answer-readout');
  #problem = document.getElementById('asking-problem');
  #request = new AbortController();

  constructor(about, textBytes) {
    this.#textBytes = textBytes;
    document.getElementById('store').hidden = false;
    document.getElementById('store-caption').textContent =
      `${about.name}, ${about.parameters.toLocaleString('en')} parameters, was trained to read facts from its prompt. It knows nothing about `
      + `these ${about.persons} invented persons but what a search of ${about.facts.toLocaleString('en')} facts puts before the question.`;
    this.#question.value = about.examples[0];
    document.getElementById('questions').append(...about.examples.map(example => {
      const button = element('button', '', example);
      button.type = 'button';
      button.addEventListener('click', () => {
        this.#question.value = example;
        this.#run();
      });
      return button;
    }));
    document.getElementById('asking').addEventListener('submit', event => {
      event.preventDefault();
      this.#run();
    });
    for (const radio of document.querySelectorAll('input[name="facts"]')) {
      radio.addEventListener('change', () => {
        this.#own.hidden = this.#facts !== 'text';
        if (this.#own.hidden && this.#question.value.trim()) this.#run(); // the same question with other facts
      });
    }
    this.#text.value = 'Zanira Quell was born in Skelmere. Zanira Quell collects amber whistles.';
    this.#text.addEventListener('input', () => this.#tellSize());
    this.#tellSize();
    const picker = document.getElementById('own-picker');
    document.getElementById('own-pick').addEventListener('click', () => picker.click());
    picker.addEventListener('change', () => {
      if (picker.files.length > 0) this.#open(picker.files[0]);
      picker.value = '';
    });
  }

  get #facts() {
    return document.querySelector('input[name="facts"]:checked').value;
  }

  #tellSize() {
    const size = new TextEncoder().encode(this.#text.value).length;
    this.#size.textContent = `${size.toLocaleString('en')} of ${this.#textBytes.toLocaleString('en')} bytes. Each sentence is a fact.`;
  }

  async #open(file) {
    try {
      const bytes = await file.slice(0, this.#textBytes + 1).arrayBuffer();
      if (bytes.byteLength > this.#textBytes) {
        this.#tellProblem(`${file.name} has ${file.size.toLocaleString('en')} bytes; at most ${this.#textBytes.toLocaleString('en')} are taken.`);
        return;
      }
      this.#text.value = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      this.#tellSize();
      this.#problem.hidden = true;
    } catch (error) {
      this.#tellProblem(error instanceof TypeError ? `${file.name} is not UTF-8 text.` : `${file.name} cannot be read.`);
    }
  }

  async #run() {
    this.#request.abort();
    const abort = new AbortController();
    this.#request = abort;
    const request = { question: this.#question.value, facts: this.#facts };
    if (request.facts === 'text') request.text = this.#text.value;
    this.#problem.hidden = true;
    this.#readout.textContent = 'Searching and answering…';
    try {
      this.#show(request, await this.#patiently(request, abort.signal));
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#readout.textContent = '';
      this.#tellProblem(error.message);
    }
  }

  /** A busy server is asked again until it has a place, or until another question is asked. */
  async #patiently(request, signal) {
    for (;;) {
      try {
        return await api.ask(request, signal);
      } catch (error) {
        if (error.status !== 429 || signal.aborted) throw error;
        await new Promise(resolve => setTimeout(resolve, retryAfter));
        signal.throwIfAborted();
      }
    }
  }

  #tellProblem(text) {
    this.#problem.textContent = text;
    this.#problem.hidden = false;
  }

  #show(request, { answer, facts, bytes }) {
    const row = element('li', 'answer');
    row.append(element('span', 'small', `${request.question} · ${kinds[request.facts]}`));
    const line = element('span', 'line');
    line.tabIndex = 0;
    line.setAttribute('role', 'group');
    line.setAttribute('aria-label', 'Answer. Left and right arrows move over its characters.');
    line.append(...this.#characters(bytes));
    if (bytes.length === 0) line.append(element('span', 'small', 'The model gave an empty answer.'));
    row.append(line);
    this.#answers.prepend(row);
    while (this.#answers.children.length > kept) this.#answers.lastChild.remove();

    const sum = key => bytes.reduce((total, byte) => total + byte[key], 0);
    const whole = facts.length === 0
      ? `The answer has no facts. It costs ${bits(sum('with'))}.`
      : `The answer costs ${bits(sum('with'))} with its facts and ${bits(sum('without'))} without.`;
    this.#readout.textContent = whole;
    const point = target => {
      line.querySelector('.shown')?.classList.remove('shown');
      target?.classList.add('shown');
      this.#readout.textContent = target ? target.dataset.says : whole;
    };
    line.addEventListener('pointerover', event => point(event.target.closest?.('.unit')));
    line.addEventListener('click', event => point(event.target.closest?.('.unit')));
    line.addEventListener('pointerleave', () => point(null));
    line.addEventListener('keydown', event => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const units = [...line.querySelectorAll('.unit')];
      if (!step || units.length === 0) return;
      event.preventDefault();
      const at = units.findIndex(unit => unit.classList.contains('shown'));
      point(units[Math.max(0, Math.min(units.length - 1, at < 0 ? 0 : at + step))]);
    });

    this.#cards.replaceChildren(...facts.map(fact => {
      const card = element('li', 'fact');
      card.append(this.#marked(fact.text, answer), element('span', 'small', `score ${fact.score.toFixed(1)} · byte ${fact.offset.toLocaleString('en')}`));
      return card;
    }));
    if (facts.length === 0) this.#cards.append(element('li', 'small', 'None: nothing was searched, or no fact shares words with the question.'));
  }

  /** A fact, in which the answer is marked where it stands there. */
  #marked(fact, answer) {
    const text = element('span', '');
    const at = answer ? fact.indexOf(answer) : -1;
    if (at < 0) text.textContent = fact;
    else text.append(fact.slice(0, at), element('mark', '', answer), fact.slice(at + answer.length));
    return text;
  }

  /** One element for each character, in the colour of the bits that the facts saved. */
  #characters(bytes) {
    const units = new Utf8Units();
    const all = bytes.flatMap(byte => units.push(byte.value)).concat(units.end());
    let at = 0;
    return all.map(({ bytes: values, valid }) => {
      const costs = bytes.slice(at, at += values.length);
      const [given, without] = ['with', 'without'].map(key => costs.reduce((total, byte) => total + byte[key], 0));
      const saved = without - given;
      const isSign = valid && (values.length > 1 || glyph(values[0]).length === 1);
      const text = isSign ? new TextDecoder().decode(Uint8Array.from(values)) : hex(values[0]);
      const unit = element('span', isSign ? 'unit' : 'unit chip invalid', text);
      const strength = Math.round(strongest * Math.min(1, Math.abs(saved) / (brightest * values.length)));
      unit.classList.add(saved < 0 ? 'costs' : 'saves');
      unit.style.setProperty('--strength', `${strength}%`);
      unit.dataset.says = `‘${text}’: ${bits(given)} with the facts, ${bits(without)} without: ${saved < 0 ? 'they cost' : 'they save'} ${bits(Math.abs(saved))}.`;
      return unit;
    });
  }
}
