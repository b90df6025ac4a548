/** Maps λ to the image: places components of blocks of pixels, or of single inputs, at their positions. */
import * as t from 'io-ts'
import { Finite, Natural } from '../../../core/codec/Codec.js'
import type { SearchSpace } from '../../../core/protocol/SearchSpace.js'

export const MapCell = t.readonly(
  t.strict({ row: Natural, column: Natural, channel: Natural, lambda: Finite }),
  'MapCell',
)
/** A component of λ, and its position. */
export type MapCell = t.TypeOf<typeof MapCell>

/** The map of one family of components. */
export interface LambdaMap {
  /** `l2` or `l1`. */
  readonly family: string
  readonly of: 'block' | 'input'
  readonly rows: number
  readonly columns: number
  readonly channels: number
  readonly cells: ReadonlyArray<MapCell>
}

/** The names of groups of inputs (see `model/families/Grouping.ts`). */
const block = /^(\w+)\[block (\d+),(\d+)\]$/
const input = /^(\w+)\[input (\d+)\]$/

interface Named {
  readonly family: string
  readonly of: 'block' | 'input'
  readonly at: (shape: Shape) => Omit<MapCell, 'lambda'>
}

/** Height, width, channels. */
type Shape = readonly [number, number, number]

const named = (name: string): Named | null => {
  const [, blockFamily, row, column] = block.exec(name) ?? []
  if (blockFamily !== undefined)
    return {
      family: blockFamily,
      of: 'block',
      at: () => ({ row: Number(row), column: Number(column), channel: 0 }),
    }
  const [, inputFamily, index] = input.exec(name) ?? []
  return inputFamily === undefined
    ? null
    : {
        family: inputFamily,
        of: 'input',
        at: ([, width, channels]) => {
          const pixel = Math.floor(Number(index) / channels)
          return {
            row: Math.floor(pixel / width),
            column: pixel % width,
            channel: Number(index) % channels,
          }
        },
      }
}

const extent = (values: ReadonlyArray<number>): number =>
  values.reduce((most, value) => Math.max(most, value), 0) + 1

/** Whether λ has a map: `by name` if the names have positions; `by shape` if positions also need the images' shape. */
export const mapped = (space: SearchSpace): 'no' | 'by name' | 'by shape' => {
  const found = space.flatMap(({ name }) => named(name) ?? [])
  return found.length < 2 ? 'no' : found.some(({ of }) => of === 'input') ? 'by shape' : 'by name'
}

/** The maps of λ, one per family. Without a `shape`, single inputs have no position and are left out. */
export const lambdaMaps = (
  space: SearchSpace,
  lambda: ReadonlyArray<number>,
  shape: Shape | null,
): ReadonlyArray<LambdaMap> => {
  const places = space.flatMap(({ name }, k) => {
    const place = named(name)
    return place === null ? [] : [{ ...place, value: lambda[k]! }]
  })
  return [...new Set(places.map(({ family }) => family))].flatMap(family => {
    const own = places.filter(place => place.family === family)
    const { of } = own[0]!
    if (of === 'input' && shape === null) return []
    const cells = own.map(({ at, value }) => ({ ...at(shape ?? [1, 1, 1]), lambda: value }))
    const map = {
      family,
      of,
      rows: extent(cells.map(({ row }) => row)),
      columns: extent(cells.map(({ column }) => column)),
      channels: extent(cells.map(({ channel }) => channel)),
      cells,
    }
    return cells.length < 2 || cells.length !== map.rows * map.columns * map.channels ? [] : [map]
  })
}
