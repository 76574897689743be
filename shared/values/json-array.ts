const quote = 34;
const comma = 44;
const lowerN = 110;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;

/** The elements of an array that JSON.stringify wrote, from the one that begins at `first`, each as its JSON text. */
export function splitJsonArray(text: string, first = 1): string[] {
  if (first >= text.length) return [];
  // Numbers, booleans and nulls hold no comma.
  if (!text.includes('"', first) && !text.includes('[', first)) return text.slice(first, -1).split(',');
  const elements: string[] = [];
  for (let from = first; from < text.length; ) {
    const end = endOfElement(text, from);
    elements.push(text.slice(from, end));
    from = end + 1;
  }
  return elements;
}

/**
 * So many elements from the one that begins at `first`, as they stand, commas between them; undefined where one of them is null,
 * or there are not so many. One pass over what it answers, and one slice.
 */
export function copyPresent(text: string, first: number, count: number): string | undefined {
  let end = first - 1;
  for (let found = 0; found < count; found++) {
    const from = end + 1;
    // No other JSON begins as null does.
    if (from >= text.length || text.charCodeAt(from) === lowerN) return undefined;
    end = endOfElement(text, from);
  }
  return text.slice(first, end);
}

/** Where the comma or the bracket is that ends the element that begins here. */
function endOfElement(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (code === openBracket || code === openBrace) depth++;
    else if (depth === 0 && (code === comma || code === closeBracket)) return at;
    else if (code === closeBracket || code === closeBrace) depth--;
  }
  return text.length;
}

/** Where a string ends that begins with the quote here. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (let code = text.charCodeAt(at); code !== quote && at < text.length; code = text.charCodeAt(at)) {
    at += code === backslash ? 2 : 1;
  }
  return at;
}
