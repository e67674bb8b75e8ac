/** Two octaves of a pentatonic scale, in semitones above its lowest note: any two of them sound well together. */
const scale = [0, 2, 4, 7, 9, 12, 14, 16];

/** A bell is heard by its partials: frequency, loudness and duration of each, beside those of the strike note. */
const partials = [
  [0.5, 0.5, 1.6],
  [1, 1, 1.2],
  [1.2, 0.6, 0.9],
  [2, 0.4, 0.5],
  [3, 0.2, 0.3],
] as const;

/** Rings the bell of a tone. */
export type Chime = (tone: number) => void;

/** Browsers only let a page be heard when this is called for a click. */
export function createChime(): Chime {
  const audio = new AudioContext();
  return (tone) => {
    const strike = 392 * 2 ** ((scale[tone % scale.length] ?? 0) / 12);
    const now = audio.currentTime;
    for (const [ratio, loudness, duration] of partials) {
      const oscillator = new OscillatorNode(audio, { frequency: strike * ratio });
      const gain = new GainNode(audio, { gain: 0.12 * loudness });
      gain.gain.setValueAtTime(0.12 * loudness, now);
      gain.gain.exponentialRampToValueAtTime(0.000_1, now + duration);
      oscillator.connect(gain).connect(audio.destination);
      oscillator.start(now);
      oscillator.stop(now + duration);
    }
  };
}
