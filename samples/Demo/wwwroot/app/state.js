// The bytes on show, their features and slots, and where the reader is looking. Views listen.

export class State {
  bytes = new Uint8Array([0]);
  features = null;
  slots = null;
  cursor = 0; // byte
  channel = 0; // row
  #listeners = { bytes: [], cursor: [] };

  constructor({ channels, bytesPerSlot, dim }) {
    this.channels = channels;
    this.bytesPerSlot = bytesPerSlot;
    this.dim = dim;
  }

  get length() {
    return this.bytes.length;
  }

  get slotCount() {
    return Math.ceil(this.length / this.bytesPerSlot);
  }

  valueAt(byte, channel) {
    return this.features[byte * this.channels.length + channel];
  }

  /** Calls back when the bytes ('bytes') or the place looked at ('cursor') change. */
  on(event, callback) {
    this.#listeners[event].push(callback);
  }

  set(bytes, features, slots) {
    Object.assign(this, { bytes, features, slots, cursor: Math.min(this.cursor, bytes.length - 1) });
    this.#listeners.bytes.forEach(callback => callback());
  }

  move(byte, channel) {
    if (byte === this.cursor && channel === this.channel) return;
    this.cursor = Math.min(byte, this.length - 1);
    this.channel = channel;
    this.#listeners.cursor.forEach(callback => callback());
  }
}
