// How bytes are written on the page.

const END = 257;

export const hex = value => value.toString(16).toUpperCase().padStart(2, '0');

const signs = { 0x09: '⇥', 0x0A: '↵', 0x20: '␣', [END]: 'end' };

/** A short sign for a byte or an id: its character, or two hexadecimal digits. */
export const glyph = id => signs[id] ?? (id > 0x20 && id < 0x7F ? String.fromCharCode(id) : hex(id));

/** A byte in words: ‘e’ 0x65 (101). */
export function describe(value) {
  const code = `0x${hex(value)} (${value})`;
  return glyph(value).length === 1 ? `‘${glyph(value)}’ ${code}` : code;
}

/** The kind of a byte; the same as the server's, which the cosmos brings along. */
export const kindTitles = {
  control: 'control',
  punctuation: 'space, punctuation',
  digit: 'digit',
  upper: 'upper case',
  lower: 'lower case',
  lead: 'UTF-8 lead',
  continuation: 'UTF-8 continuation',
  other: 'never in UTF-8',
};

/** The second byte's bounds after a lead byte, where they are narrower than 80..BF. */
const seconds = { 0xE0: [0xA0, 0xBF], 0xED: [0x80, 0x9F], 0xF0: [0x90, 0xBF], 0xF4: [0x80, 0x8F] };

const lengthFrom = lead => (lead >= 0xC2 && lead <= 0xDF ? 2 : lead >= 0xE0 && lead <= 0xEF ? 3 : lead >= 0xF0 && lead <= 0xF4 ? 4 : 0);

/**
 * Splits bytes, as they come, into characters of valid UTF-8 and single invalid bytes. `push` and `end` return the units that are now
 * certain, { bytes, valid }; `pending` holds what may yet become a character.
 */
export class Utf8Units {
  pending = [];

  push(value) {
    const units = [];
    if (this.pending.length > 0) {
      const [low, high] = (this.pending.length === 1 && seconds[this.pending[0]]) || [0x80, 0xBF];
      if (value >= low && value <= high) {
        this.pending.push(value);
        if (this.pending.length < lengthFrom(this.pending[0])) return units;
        units.push({ bytes: this.pending, valid: true });
        this.pending = [];
        return units;
      }
      units.push(...this.end());
    }
    if (value < 0x80) units.push({ bytes: [value], valid: true });
    else if (lengthFrom(value) > 0) this.pending = [value];
    else units.push({ bytes: [value], valid: false });
    return units;
  }

  end() {
    const units = this.pending.map(value => ({ bytes: [value], valid: false }));
    this.pending = [];
    return units;
  }
}
