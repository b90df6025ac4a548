/** A clause as a sentence: with a full stop, unless it ends with a question. */
export const sentence = (clause: string): string => (clause.endsWith('?') ? clause : `${clause}.`)
