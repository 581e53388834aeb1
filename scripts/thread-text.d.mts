/** The text of a program, for `new Worker(text, { eval: true })`. */
export function threadText(input: string): Promise<string>;
