// Fig. 2: one slot, its K groups of 27 columns and the zeros after them: a strip where there is room, 27 columns to a line where there is not.

import { describe, glyph } from './bytes.js';
import { hideTip, mono, onFrame, prepare, sans, showTip } from './canvas.js';
import { format, shade } from './scale.js';
import { colour, onTheme } from './theme.js';

const stripHeight = 76;
const stripTop = 8;
const bracketRoom = 46;
const lineGap = 2;
const signRoom = 26;

export class SlotView {
  #state;
  #frame = document.getElementById('slot');
  #canvas = document.getElementById('slot-canvas');
  #readout = document.getElementById('slot-readout');
  #column = -1;
  #draw = onFrame(() => this.#drawNow());

  constructor(state) {
    this.#state = state;
    const { channels, bytesPerSlot, dim } = state;
    const filled = channels.length * bytesPerSlot;
    document.getElementById('slot-caption').textContent =
      `${bytesPerSlot} bytes side by side: ${bytesPerSlot} × ${channels.length} = ${filled} of ${dim} columns are filled, the other ${dim - filled} are zero. No parameter is learned.`;

    document.getElementById('slot-back').addEventListener('click', () => this.#step(-1));
    document.getElementById('slot-on').addEventListener('click', () => this.#step(1));
    this.#frame.addEventListener('keydown', event => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.#step(step);
    });
    this.#canvas.addEventListener('pointermove', event => this.#point(event));
    this.#canvas.addEventListener('pointerdown', event => this.#point(event));
    this.#canvas.addEventListener('pointerleave', () => {
      this.#column = -1;
      hideTip();
      this.#update();
    });
    new ResizeObserver(this.#draw).observe(this.#frame);
    onTheme(this.#draw);
    state.on('bytes', () => this.#update());
    state.on('cursor', () => this.#update());
  }

  get #slot() {
    return Math.floor(this.#state.cursor / this.#state.bytesPerSlot);
  }

  #step(by) {
    const slot = Math.max(0, Math.min(this.#state.slotCount - 1, this.#slot + by));
    this.#state.move(slot * this.#state.bytesPerSlot, this.#state.channel);
  }

  #update() {
    const { slotCount, slots, dim } = this.#state;
    document.getElementById('slot-number').textContent = `slot ${this.#slot} of 0–${slotCount - 1}`;
    document.getElementById('slot-back').disabled = this.#slot === 0;
    document.getElementById('slot-on').disabled = this.#slot === slotCount - 1;
    if (slots) {
      const values = slots.subarray(this.#slot * dim, (this.#slot + 1) * dim);
      this.#readout.textContent = this.#column < 0
        ? `${values.filter(value => value !== 0).length} of ${dim} columns of this slot are not zero.`
        : this.#tellColumn(this.#column, values[this.#column]);
    }
    this.#draw();
  }

  #tellColumn(column, value) {
    const { channels, bytesPerSlot } = this.#state;
    const group = Math.floor(column / channels.length);
    if (group >= bytesPerSlot) return `Column ${column}: always zero.`;
    return `Column ${column} = 27·${group} + ${column % channels.length}: byte ${group} of the slot, ${channels[column % channels.length].name} = ${format(value)}`;
  }

  /** Where a column lies. */
  #place(column, width) {
    const { channels, dim } = this.#state;
    if (width >= 700) {
      const x = Math.round(column * width / dim); // whole pixels, so that no column looks brighter than its neighbour
      return { x, y: stripTop, w: Math.round((column + 1) * width / dim) - x, h: stripHeight };
    }
    const w = (width - signRoom) / channels.length;
    const h = Math.max(9, Math.min(14, w));
    return { x: signRoom + (column % channels.length) * w, y: Math.floor(column / channels.length) * (h + lineGap), w, h };
  }

  #drawNow() {
    const { slots, channels, bytesPerSlot, dim } = this.#state;
    const width = this.#frame.clientWidth;
    if (!slots || width === 0) return;
    const strip = width >= 700;
    const last = this.#place(dim - 1, width);
    const context = prepare(this.#canvas, width, last.y + last.h + (strip ? bracketRoom : 22));
    const values = slots.subarray(this.#slot * dim, (this.#slot + 1) * dim);
    const gap = strip ? 0 : 1;
    const zero = colour('zero', 0.6);
    for (let column = 0; column < dim; column++) {
      const { x, y, w, h } = this.#place(column, width);
      const channel = channels[column % channels.length];
      context.fillStyle = column < channels.length * bytesPerSlot ? shade(values[column], channel) : zero;
      context.fillRect(x, y, w - gap, h);
    }
    if (strip) this.#drawBrackets(context, width);
    else this.#drawSigns(context, width);
    if (this.#column >= 0) {
      const { x, y, w, h } = this.#place(this.#column, width);
      context.strokeStyle = colour('accent');
      context.lineWidth = 1.5;
      context.strokeRect(x - 1, y - 1, w + 1.5, h + 2);
    }
  }

  /** The byte that fills a group: one of the input, or the 0x00 that pads the last slot. */
  #byteOf(group) {
    const index = this.#slot * this.#state.bytesPerSlot + group;
    return index < this.#state.length ? { value: this.#state.bytes[index], padding: false } : { value: 0, padding: true };
  }

  #drawBrackets(context, width) {
    const { channels, bytesPerSlot, dim } = this.#state;
    const y = stripTop + stripHeight + 5;
    const w = width / dim;
    const bracket = (start, stop, style) => {
      context.strokeStyle = style;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(start + 1.5, y);
      context.lineTo(start + 1.5, y + 5);
      context.lineTo(stop - 1.5, y + 5);
      context.lineTo(stop - 1.5, y);
      context.stroke();
    };
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    for (let group = 0; group < bytesPerSlot; group++) {
      const [start, stop] = [group * channels.length * w, (group + 1) * channels.length * w];
      bracket(start, stop, colour('edge'));
      const { value, padding } = this.#byteOf(group);
      context.font = mono(15);
      context.fillStyle = colour(padding ? 'muted' : 'ink');
      context.fillText(glyph(value), (start + stop) / 2, y + 18);
      context.font = mono(9.5);
      context.fillStyle = colour('muted');
      context.fillText(padding ? 'pad' : `${27 * group}–${27 * group + 26}`, (start + stop) / 2, y + 34);
    }
    const filled = channels.length * bytesPerSlot;
    bracket(filled * w, width, colour('edge', 0.5));
    context.font = sans(13);
    context.fillText(`columns ${filled}–${dim - 1}: zero`, (filled * w + width) / 2, y + 19);
  }

  #drawSigns(context, width) {
    const { bytesPerSlot, channels, dim } = this.#state;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    for (let group = 0; group < bytesPerSlot; group++) {
      const { y, h } = this.#place(group * channels.length, width);
      const { value, padding } = this.#byteOf(group);
      context.font = mono(12);
      context.fillStyle = colour(padding ? 'muted' : 'ink');
      context.fillText(glyph(value), signRoom / 2 - 3, y + h / 2 + 0.5);
    }
    const last = this.#place(dim - 1, width);
    context.font = sans(12);
    context.fillStyle = colour('muted');
    context.textAlign = 'left';
    context.fillText(`One line has 27 columns; ${channels.length * bytesPerSlot}–${dim - 1} are zero.`, signRoom, last.y + last.h + 13);
  }

  #point(event) {
    const { dim, slots } = this.#state;
    if (!slots) return;
    const box = this.#canvas.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    const width = this.#frame.clientWidth;
    this.#column = -1;
    for (let column = 0; column < dim; column++) {
      const { x, y, w, h } = this.#place(column, width);
      if (px >= x && px < x + w && py >= y && py < y + h + lineGap) {
        this.#column = column;
        break;
      }
    }
    this.#update();
    if (this.#column < 0) return hideTip();
    const group = Math.floor(this.#column / this.#state.channels.length);
    const title = group < this.#state.bytesPerSlot ? describe(this.#byteOf(group).value) : 'zero';
    showTip(event, [title, this.#tellColumn(this.#column, slots[this.#slot * dim + this.#column])]);
  }
}
