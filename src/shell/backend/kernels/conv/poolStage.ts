/** Pooling whose input is not the output of a convolution. It has no ReLU of its own. */
import type { Stage, Surroundings } from './Stage.js'

export const poolStage = ({ memory, input, output, columns }: Surroundings): Stage => {
  const chooseLargest = memory.exported('chooseLargest')
  const spreadChosen = memory.exported('spreadChosen')
  const { height, pixel, row } = output
  return {
    choices: height * output.width,
    weighted: false,
    forward: (_, x, y, chosen) => {
      const [from, to] = [x + input.origin, y + output.origin]
      const { row: fromRow, pixel: fromPixel } = input
      chooseLargest(
        height,
        columns,
        pixel,
        from,
        fromRow,
        fromPixel,
        -Infinity,
        to,
        row,
        chosen,
        fromRow,
        fromPixel,
      )
    },
    begin: () => undefined,
    backward: (_x, _y, dy, chosen, dx) => {
      if (dx !== null)
        spreadChosen(height, columns, pixel, dy + output.origin, row, chosen, dx + input.origin)
    },
    end: () => undefined,
  }
}
