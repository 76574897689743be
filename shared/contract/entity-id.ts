const maxBytes = 512;

/**
 * The text of an entity id, or undefined where it is not one (docs/semantics.md section 3): 1 to 512 bytes of UTF-8,
 * no NUL, no lone surrogate; a safe integer is its decimal text. No trimming, no case folding.
 */
export function normalizeEntityId(given: unknown): string | undefined {
  if (typeof given === 'string') return isEntityId(given) ? given : undefined;
  if (typeof given === 'number' && Number.isSafeInteger(given)) return String(given);
  return undefined;
}

function isEntityId(text: string): boolean {
  if (text.length === 0 || text.length > maxBytes) return false;
  // Ids are short and plain nearly always: one pass without allocation, the careful check only where it matters.
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0) return false;
    if (code > 127) return isWellFormedWithin(text, maxBytes);
  }
  return true;
}

function isWellFormedWithin(text: string, bytes: number): boolean {
  return text.isWellFormed() && !text.includes('\0') && Buffer.byteLength(text) <= bytes;
}
