/** By two clocks: one that is never set and may stand still while Lambda has frozen the process, and one that goes on and may be set back. */
export interface Moment {
  readonly steadyMillis: number;
  readonly wallMillis: number;
}

export interface HeldTexts {
  /** Of all fields, as they were asked for less than the time before; undefined unless each is held. */
  find(key: string, fields: readonly string[], now: Moment): readonly string[] | undefined;
  /** What was answered to a question of `asked`, but for what was not there. */
  hold(key: string, fields: readonly string[], texts: readonly (string | null)[], asked: Moment): void;
  drop(key: string): void;
}

interface Held {
  readonly text: string;
  readonly asked: Moment;
}

type Generation = Map<string, Map<string, Held>>;

/** What a text costs beside itself and its key, in characters: 390 bytes were measured of an entity with one. */
const charactersBeside = 400;

/**
 * Texts of fields by entity, of two generations: once the younger is as old as a text may become, or holds half of the
 * characters, it is the older, and what that was goes. By age so nothing goes that could still be answered, and nothing is ever searched.
 */
export function createHeldTexts(holdMillis: number, maxCharacters: number): HeldTexts {
  let younger: Generation = new Map();
  let older: Generation = new Map();
  let since = Number.NEGATIVE_INFINITY;
  let characters = 0;

  const turn = (nowMillis: number): void => {
    older = nowMillis < since + 2 * holdMillis ? younger : new Map();
    younger = new Map();
    since = nowMillis;
    characters = 0;
  };
  const turnWhenDue = (nowMillis: number): void => {
    if (nowMillis >= since + holdMillis) turn(nowMillis);
  };

  return {
    find: (key, fields, now) => {
      turnWhenDue(now.steadyMillis);
      const texts: string[] = [];
      for (const field of fields) {
        const held = younger.get(key)?.get(field) ?? older.get(key)?.get(field);
        if (held === undefined || !isWithin(holdMillis, held.asked, now)) return undefined;
        texts.push(held.text);
      }
      return texts;
    },
    hold: (key, fields, texts, asked) => {
      for (const [place, field] of fields.entries()) {
        const text = texts[place];
        const size = charactersBeside + key.length + (text?.length ?? 0);
        if (text === null || text === undefined || size > maxCharacters / 2) continue;
        if (characters + size > maxCharacters / 2) turn(Math.max(since, asked.steadyMillis));
        characters += size;
        const ofKey = younger.get(key) ?? new Map<string, Held>();
        ofKey.set(field, { text, asked });
        younger.set(key, ofKey);
      }
    },
    drop: (key) => {
      younger.delete(key);
      older.delete(key);
    },
  };
}

function isWithin(holdMillis: number, asked: Moment, now: Moment): boolean {
  return now.steadyMillis - asked.steadyMillis < holdMillis && now.wallMillis - asked.wallMillis < holdMillis;
}
