/** A clause as a sentence: with a full stop, unless it ends with a mark of its own, as an error's message may. */
export const sentence = (clause: string): string => (/[.?!…]$/.test(clause) ? clause : `${clause}.`)
