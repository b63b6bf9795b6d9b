/** Knows the language-neutral program model: what one source file says, as plain data. */

export type Module = Record<string, never>;
