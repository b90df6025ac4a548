/**
 * √Σ x_k², without overflow and with compensated summation, as V8's `Math.hypot` computes it, but for any number of
 * components.
 */
export const norm = (vector: ReadonlyArray<number>): number => {
  let most = 0
  for (const x of vector) most = Math.max(most, Math.abs(x))
  if (most === 0 || !Number.isFinite(most)) return most
  let [sum, compensation] = [0, 0]
  for (const x of vector) {
    const share = Math.abs(x) / most
    const summand = share * share - compensation
    const preliminary = sum + summand
    compensation = preliminary - sum - summand
    sum = preliminary
  }
  return Math.sqrt(sum) * most
}
