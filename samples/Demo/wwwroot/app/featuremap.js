// Fig. 1: 27 rows, a column for each byte.

import { describe, glyph } from './bytes.js';
import { hideTip, mono, onFrame, prepare, sans, showTip } from './canvas.js';
import { format, groupTitles, groupsOf, shade } from './scale.js';
import { colour, onTheme } from './theme.js';

const rowHeight = 13;
const groupGap = 7;
const top = 24; // the bytes' signs
const bottom = 24; // the slots' numbers
const widest = 26;
const narrowest = 8;
const narrowestTouch = 13; // of a narrow screen: wide enough for a finger and a sign, and the rest is scrolled to

export class FeatureMap {
  #state;
  #scroller = document.getElementById('map');
  #sizer = document.getElementById('map-sizer');
  #canvas = document.getElementById('map-canvas');
  #labels = document.getElementById('map-labels');
  #readout = document.getElementById('map-readout');
  #groups;
  #rows = []; // top of each channel's row
  #height;
  #cell = widest;
  #draw = onFrame(() => this.#drawNow());

  constructor(state) {
    this.#state = state;
    this.#groups = groupsOf(state.channels);
    let y = top;
    for (const group of this.#groups) {
      for (let i = 0; i < group.count; i++, y += rowHeight) this.#rows.push(y);
      y += groupGap;
    }
    this.#height = y - groupGap + bottom;
    this.#listGroups();

    new ResizeObserver(() => this.layOut()).observe(this.#scroller);
    this.#scroller.addEventListener('scroll', this.#draw);
    this.#canvas.addEventListener('pointermove', event => this.#point(event));
    this.#canvas.addEventListener('pointerdown', event => this.#point(event));
    this.#canvas.addEventListener('pointerleave', hideTip);
    this.#scroller.addEventListener('keydown', event => this.#key(event));
    onTheme(() => this.layOut());
    state.on('bytes', () => this.layOut());
    state.on('cursor', () => {
      this.#tell();
      this.#draw();
    });
  }

  layOut() {
    const narrow = innerWidth < 560;
    this.#drawLabels(narrow);
    const room = this.#scroller.clientWidth;
    this.#cell = Math.max(narrow ? narrowestTouch : narrowest, Math.min(widest, room / this.#state.length));
    this.#sizer.style.width = `${Math.floor(Math.max(1, this.#cell * this.#state.length))}px`;
    this.#tell();
    this.#draw();
  }

  #listGroups() {
    document.getElementById('map-groups').replaceChildren(...this.#groups.map(group => {
      const item = document.createElement('div');
      const title = document.createElement('dt');
      const range = document.createElement('dd');
      title.textContent = groupTitles[group.name];
      const binary = group.name.startsWith('delta');
      range.textContent = `${group.count} ${group.count > 1 ? 'channels' : 'channel'}, ${binary ? '0 or 1' : `${format(group.low)} to ${format(group.high)}`}`;
      item.append(title, range);
      return item;
    }));
  }

  #drawLabels(narrow) {
    const width = narrow ? 70 : 148;
    const context = prepare(this.#labels, width, this.#height);
    context.textBaseline = 'middle';
    for (const group of this.#groups) {
      const first = this.#rows[group.first];
      const last = this.#rows[group.first + group.count - 1] + rowHeight;
      if (!narrow) {
        context.textAlign = 'left';
        context.font = sans(13, 600);
        context.fillStyle = colour('ink');
        context.fillText(groupTitles[group.name], 0, (first + last) / 2);
      }
      context.strokeStyle = colour('edge', 0.7);
      context.beginPath();
      context.moveTo(width - 3.5, first + 1);
      context.lineTo(width - 3.5, last - 1);
      context.stroke();
      context.textAlign = 'right';
      context.font = mono(9.5);
      context.fillStyle = colour('muted');
      for (let row = group.first; row < group.first + group.count; row++)
        context.fillText(this.#state.channels[row].name, width - 9, this.#rows[row] + rowHeight / 2 + 0.5);
    }
  }

  #drawNow() {
    const { channels, bytes, features, length, cursor, bytesPerSlot } = this.#state;
    const cell = this.#cell;
    const room = this.#scroller.clientWidth;
    const width = Math.max(1, Math.min(room, Math.floor(cell * length)));
    const context = prepare(this.#canvas, width, this.#height);
    if (!features) return;
    const left = this.#scroller.scrollLeft;
    const from = Math.max(0, Math.floor(left / cell));
    const to = Math.min(length, Math.ceil((left + width) / cell) + 1);
    const x = byte => byte * cell - left;
    const gap = cell > 9 ? 1 : 0.5;

    for (let byte = from; byte < to; byte++) {
      for (let row = 0; row < channels.length; row++) {
        context.fillStyle = shade(features[byte * channels.length + row], channels[row]);
        context.fillRect(x(byte), this.#rows[row], cell - gap, rowHeight - 1);
      }
    }

    context.textAlign = 'center';
    context.textBaseline = 'middle';
    const size = Math.min(14, cell * 0.8);
    for (let byte = from; byte < to && size >= 6; byte++) {
      const sign = glyph(bytes[byte]);
      context.font = mono(sign.length > 1 ? size * 0.72 : size, byte === cursor ? 700 : 400);
      context.fillStyle = byte === cursor ? colour('accent') : colour('ink', bytes[byte] < 0x80 ? 1 : 0.75);
      context.fillText(sign, x(byte) + (cell - gap) / 2, top / 2);
    }

    const end = this.#height - bottom;
    const chosen = Math.floor(cursor / bytesPerSlot);
    for (let slot = Math.floor(from / bytesPerSlot); slot * bytesPerSlot < to; slot++) {
      const start = x(slot * bytesPerSlot);
      const stop = x(Math.min(length, (slot + 1) * bytesPerSlot)) - gap;
      context.strokeStyle = slot === chosen ? colour('accent') : colour('edge', 0.6);
      context.lineWidth = slot === chosen ? 2 : 1;
      context.beginPath();
      context.moveTo(start + 1, end + 3);
      context.lineTo(start + 1, end + 7);
      context.lineTo(stop - 1, end + 7);
      context.lineTo(stop - 1, end + 3);
      context.stroke();
      const label = stop - start > 52 ? `slot ${slot}` : String(slot);
      context.font = mono(10, slot === chosen ? 700 : 400);
      context.fillStyle = slot === chosen ? colour('accent') : colour('muted');
      if (stop - start > 6.6 * label.length) context.fillText(label, (start + stop) / 2, end + 16);
    }

    const row = this.#state.channel;
    context.strokeStyle = colour('accent');
    context.lineWidth = 1.5;
    context.strokeRect(x(cursor) - 0.75, this.#rows[row] - 0.75, cell - gap + 1.5, rowHeight + 0.5);
  }

  #point(event) {
    const box = this.#canvas.getBoundingClientRect();
    const byte = Math.floor((event.clientX - box.left + this.#scroller.scrollLeft) / this.#cell);
    const y = event.clientY - box.top;
    if (byte < 0 || byte >= this.#state.length) return;
    const row = this.#rows.findIndex(start => y >= start && y < start + rowHeight);
    this.#state.move(byte, row >= 0 ? row : this.#state.channel);
    const value = row >= 0 ? [`${this.#state.channels[row].name} = ${format(this.#state.valueAt(byte, row))}`] : [];
    showTip(event, [describe(this.#state.bytes[byte]), `byte ${byte}, slot ${Math.floor(byte / this.#state.bytesPerSlot)}`, ...value]);
  }

  #key(event) {
    const { cursor, channel, length, channels } = this.#state;
    const moves = {
      ArrowLeft: [cursor - 1, channel], ArrowRight: [cursor + 1, channel], ArrowUp: [cursor, channel - 1], ArrowDown: [cursor, channel + 1],
      Home: [0, channel], End: [length - 1, channel],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    this.#state.move(Math.max(0, Math.min(length - 1, move[0])), Math.max(0, Math.min(channels.length - 1, move[1])));
    const x = this.#state.cursor * this.#cell;
    const room = this.#scroller.clientWidth;
    if (x < this.#scroller.scrollLeft) this.#scroller.scrollLeft = x;
    if (x + this.#cell > this.#scroller.scrollLeft + room) this.#scroller.scrollLeft = x + this.#cell - room;
  }

  #tell() {
    const { bytes, cursor, channel, channels, features } = this.#state;
    if (!features) return;
    const name = document.createElement('b');
    name.textContent = `${channels[channel].name} = ${format(this.#state.valueAt(cursor, channel))}`;
    this.#readout.replaceChildren(`Byte ${cursor}, ${describe(bytes[cursor])}: `, name, `, ${groupTitles[channels[channel].group]}`);
  }
}
