/** Where a story is told: standard output, or a test. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

type Style = 'bold' | 'dim' | 'green' | 'red' | 'cyan';

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  red: [31, 39],
  cyan: [36, 39],
};
const INDENT = '   ';
const GAP = '   ';
/** Where sentences are broken; commands, tables and metrics are not. */
const WIDTH = 105;

/** Tells what happens, step by step. Colour only on a terminal, and not where NO_COLOR is set. */
export class Narrator {
  readonly #terminal: Terminal;
  readonly #colour: boolean;
  #steps = 0;

  constructor(terminal: Terminal, env: Readonly<Record<string, string | undefined>>) {
    this.#terminal = terminal;
    this.#colour = terminal.isTTY === true && !env['NO_COLOR'];
  }

  title(title: string, subtitle: string): void {
    this.#line(this.#paint('bold', title));
    this.#line(subtitle);
  }

  /** Begins the next numbered step. */
  step(what: string): void {
    this.#steps += 1;
    this.#line('');
    this.#line(this.#paint('bold', `${this.#steps}. ${what}`));
  }

  /** The heading of what comes after the last step. */
  heading(what: string): void {
    this.#line('');
    this.#line(this.#paint('bold', what));
  }

  say(text: string): void {
    for (const line of wrapped(text, WIDTH - INDENT.length)) this.#line(INDENT + line);
  }

  /** A command as the reader would type it. */
  command(command: string): void {
    this.#line(`${INDENT}${this.#paint('dim', '$')} ${this.#paint('cyan', command)}`);
  }

  /** What a command prints. */
  output(line: string): void {
    this.#line(`${INDENT}  ${line}`);
  }

  /** What a command says of something in sentences: long ones are broken. */
  report(text: string): void {
    for (const line of wrapped(text, WIDTH - INDENT.length - 2)) this.output(line);
  }

  /** Rows in columns as wide as their widest cell, as kubectl prints them. */
  table(rows: readonly (readonly string[])[]): void {
    const widths: number[] = [];
    for (const row of rows) {
      row.forEach((cell, column) => void (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
    }
    for (const row of rows) {
      this.output(
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join(GAP)
          .trimEnd(),
      );
    }
  }

  /** What was to be shown, and that it is so. */
  good(sentence: string): void {
    this.#marked(this.#paint('green', '✓'), sentence);
  }

  /** What is wrong, and is so on purpose: the reason for all this. */
  bad(sentence: string): void {
    this.#marked(this.#paint('red', '✗'), sentence);
  }

  #marked(mark: string, sentence: string): void {
    const [first = '', ...rest] = wrapped(sentence, WIDTH - INDENT.length - 2);
    this.#line(`${INDENT}${mark} ${first}`);
    for (const line of rest) this.#line(`${INDENT}  ${line}`);
  }

  #line(text: string): void {
    this.#terminal.write(`${text}\n`);
  }

  #paint(style: Style, text: string): string {
    if (!this.#colour) return text;
    const [on, off] = CODES[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  }
}

/** Words in lines of at most `width` characters, or of one word that is longer. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
