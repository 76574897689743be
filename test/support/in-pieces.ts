import type { Database, Queryable, Statement } from '../../shared/platform/database.ts';

/** Of a statement with its values, which go over the socket together: under the 64 KiB that arrive as one piece. */
const mostBytes = 50_000;
/** UTF-16 units of a piece, each at most 3 bytes. */
const pieceLength = 15_000;

/**
 * A database whose server ends at a message over 64 KiB: the TimescaleDB of the lane hands each piece that comes over the
 * socket to Postgres as if it were a whole message. Long values go ahead in pieces, into a table of the transaction, and the
 * statement puts them together; what it does and answers is the same.
 */
export function inPieces(database: Database): Database {
  return {
    rows: <Row>(statement: Statement) =>
      isShort(statement)
        ? database.rows<Row>(statement)
        : database.transaction(async (transaction) => transaction.rows<Row>(await staged(transaction, statement))),
    arrays: (statement) =>
      isShort(statement)
        ? database.arrays(statement)
        : database.transaction(async (transaction) => transaction.arrays(await staged(transaction, statement))),
    script: (text) => database.script(text),
    transaction: (work) => database.transaction((transaction) => work(withinTransaction(transaction))),
    close: () => database.close(),
  };
}

function withinTransaction(transaction: Queryable): Queryable {
  return {
    rows: async <Row>(statement: Statement) =>
      transaction.rows<Row>(isShort(statement) ? statement : await staged(transaction, statement)),
    arrays: async (statement) =>
      transaction.arrays(isShort(statement) ? statement : await staged(transaction, statement)),
    script: (text) => transaction.script(text),
  };
}

function isShort({ text, values = [] }: Statement): boolean {
  return values.reduce<number>((bytes, value) => bytes + bytesOf(value), Buffer.byteLength(text)) <= mostBytes;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(textOf(value) ?? '') + 4;
}

/** Sends the long values ahead, and answers the statement that reads them from there. */
async function staged(transaction: Queryable, { name, text, values = [] }: Statement): Promise<Statement> {
  await transaction.script(
    'DROP TABLE IF EXISTS pg_temp.pieces; CREATE TEMP TABLE pieces (place int, n int, piece text) ON COMMIT DROP',
  );
  const short: unknown[] = [];
  const sqlOf: string[] = [];
  for (const [place, value] of values.entries()) {
    const whole = textOf(value);
    // Few are long; the many that are not may be long together.
    if (whole === null || whole.length < 200) sqlOf.push(`$${short.push(value)}`);
    else {
      const pieces = cut(whole);
      for (const [n, piece] of pieces.entries()) {
        await transaction.rows({
          name: 'send_piece',
          text: 'INSERT INTO pg_temp.pieces VALUES ($1, $2, $3)',
          values: [place, n, piece],
        });
      }
      sqlOf.push(`(SELECT string_agg(piece, '' ORDER BY n) FROM pg_temp.pieces WHERE place = ${place})`);
    }
  }
  const changed = text.replaceAll(/\$(\d+)/g, (parameter, number) => sqlOf[Number(number) - 1] ?? parameter);
  return { name, text: changed, values: short };
}

function cut(text: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + pieceLength, text.length);
    // Not between the halves of a character.
    if (to < text.length && !text.slice(from, to).isWellFormed()) to--;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

/** As Postgres reads the value from text. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value)) return String(value);
  const elements = value.map((element: unknown) => {
    const text = textOf(element);
    return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  });
  return `{${elements.join(',')}}`;
}
