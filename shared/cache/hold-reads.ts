import { UnavailableError } from '../platform/unavailable.ts';
import { createHeldTexts, type Moment } from './held-texts.ts';
import type { CacheAnswer, EntityRead, OnlineCache } from './online-cache.ts';

export interface HoldOptions {
  /** How much older than its question an answer may be. */
  readonly holdMillis: number;
  /** Of texts and what they cost beside (held-texts.ts). Default 16 Mi: 16 MB, or 32 where texts are not Latin. */
  readonly maxCharacters?: number;
  readonly now?: () => Moment;
}

/**
 * A cache before the cache: what a read of rows was answered is held in this process and answers reads of the next milliseconds,
 * without a trip where nothing travels along. What is written or invalidated through it is held no more, also where a
 * read of it is under way: a process sees its own writes at once, those of others that much later. Stands before the breaker, so
 * what is held is answered while the cache is away, and nothing that this process failed to project is held.
 */
export function holdReads(cache: OnlineCache, options: HoldOptions): OnlineCache {
  const { holdMillis, maxCharacters = 16 * 1024 * 1024, now = readClocks } = options;
  const held = createHeldTexts(holdMillis, maxCharacters);
  const questions = createQuestions();

  /** Once a write is done, and before whoever wrote hears of it: also where it failed, since it may have been done all the same. */
  const dropAfter = async <T>(write: Promise<T>, entities: readonly Entity[]): Promise<T> => {
    try {
      return await write;
    } finally {
      for (const entity of entities) {
        const key = keyOf(entity);
        held.drop(key);
        questions.spoil(key);
      }
    }
  };

  return {
    read: async (reads, along) => {
      if (!reads.some(({ mayBeHeld }) => mayBeHeld)) return cache.read(reads, along);
      const asked = now();
      const found = reads.map((read) => (read.mayBeHeld ? held.find(keyOf(read), read.fields, asked) : undefined));
      const missing = reads.filter((_, index) => found[index] === undefined);
      if (missing.length === 0) return { reads: found.map(orNone), along: await askAlong(cache, along) };

      const begun = missing.map((read) => (read.mayBeHeld ? questions.begin(keyOf(read)) : undefined));
      let answer: CacheAnswer | undefined;
      try {
        answer = await cache.read(missing, along);
      } finally {
        for (const [index, question] of begun.entries()) {
          const texts = answer?.reads[index];
          if (question?.end() !== true || texts === undefined) continue;
          held.hold(question.key, missing[index]?.fields ?? [], texts, asked);
        }
      }
      let next = 0;
      return { reads: found.map((texts) => texts ?? orNone(answer.reads[next++])), along: answer.along };
    },
    writeNewest: (entries, reason) => dropAfter(cache.writeNewest(entries, reason), entries),
    invalidate: (tenantId, entityType, entityId) =>
      dropAfter(cache.invalidate(tenantId, entityType, entityId), [{ tenantId, entityType, entityId }]),
    publishEpoch: (tenantId, epoch) => cache.publishEpoch(tenantId, epoch),
    ping: () => cache.ping(),
    close: () => cache.close(),
  };
}

type Entity = Pick<EntityRead, 'tenantId' | 'entityType' | 'entityId'>;

/** Tenant ids and entity types have no `:`. */
function keyOf({ tenantId, entityType, entityId }: Entity): string {
  return `${tenantId}:${entityType}:${entityId}`;
}

function orNone<T>(texts: readonly T[] | undefined): readonly T[] {
  return texts ?? [];
}

/** Beside what is held. Where the cache is away that is answered all the same, without an epoch and a limit. */
async function askAlong(cache: OnlineCache, along: Parameters<OnlineCache['read']>[1]): Promise<CacheAnswer['along']> {
  if (along.length === 0) return [];
  try {
    return (await cache.read([], along)).along;
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return along.map(() => null);
  }
}

interface Question {
  readonly key: string;
  /** Whether its answer may be held. */
  end(): boolean;
}

interface Questions {
  begin(key: string): Question;
  /** What is being asked of an entity may be what was there before. */
  spoil(key: string): void;
}

/** Reads of an entity that are under way share a count, until one is spoilt: those that begin after it share another. */
function createQuestions(): Questions {
  const underWay = new Map<string, { count: number }>();
  return {
    begin: (key) => {
      const own = underWay.get(key) ?? { count: 0 };
      own.count++;
      underWay.set(key, own);
      return {
        key,
        end: () => {
          own.count--;
          const isUnspoilt = underWay.get(key) === own;
          if (isUnspoilt && own.count === 0) underWay.delete(key);
          return isUnspoilt;
        },
      };
    },
    spoil: (key) => {
      underWay.delete(key);
    },
  };
}

function readClocks(): Moment {
  return { steadyMillis: performance.now(), wallMillis: Date.now() };
}
