import fc from 'fast-check'
import { cases } from '../../support/cases.js'
import { describe, expect, test } from 'vitest'
import { maxUnpackedBytes, placeOf, planOf, type Member } from '../../../src/shell/setup/Layout.js'
import { pipArguments, requirement, tensorflowWheel } from '../../../src/shell/setup/wheel.js'
import { left, right } from '../train/fixtures.js'

/** Some of the members of the wheel of tensorflow-cpu 2.21.0, in their order. */
const members: ReadonlyArray<Member> = [
  { name: 'tensorflow/__init__.py', bytes: 29_000 },
  { name: 'tensorflow/libtensorflow_cc.so.2', bytes: 788_086_608 },
  { name: 'tensorflow/libtensorflow_framework.so.2', bytes: 65_222_328 },
  { name: 'tensorflow/python/_pywrap_tfe.so', bytes: 1_069_568 },
  { name: 'tensorflow/include/tensorflow/c/', bytes: 0 },
  { name: 'tensorflow/include/tensorflow/c/c_api.h', bytes: 75_000 },
  { name: 'tensorflow/include/tensorflow/c/eager/c_api.h', bytes: 23_000 },
  { name: 'tensorflow/include/tensorflow/core/platform/ctstring.h', bytes: 4_000 },
  { name: 'tensorflow/include/tensorflow/core/platform/env.h', bytes: 30_000 },
  { name: 'tensorflow/include/xla/tsl/c/tsl_status.h', bytes: 3_000 },
  { name: 'tensorflow/include/external/icu/LICENSE', bytes: 9_000 },
]

describe('the plan of deps', () => {
  test('has the two libraries, the headers of the C interface, and links with the names that the linker needs', () => {
    expect(right(planOf(members))).toEqual({
      files: [
        { member: members[1]!.name, to: 'lib/libtensorflow_cc.so.2', bytes: 788_086_608 },
        { member: members[2]!.name, to: 'lib/libtensorflow_framework.so.2', bytes: 65_222_328 },
        { member: members[5]!.name, to: 'include/tensorflow/c/c_api.h', bytes: 75_000 },
        { member: members[6]!.name, to: 'include/tensorflow/c/eager/c_api.h', bytes: 23_000 },
        { member: members[7]!.name, to: 'include/tensorflow/core/platform/ctstring.h', bytes: 4_000 },
        { member: members[9]!.name, to: 'include/xla/tsl/c/tsl_status.h', bytes: 3_000 },
      ],
      links: [
        { at: 'lib/libtensorflow.so', target: 'libtensorflow_cc.so.2' },
        { at: 'lib/libtensorflow.so.2.9.1', target: 'libtensorflow_cc.so.2' },
        { at: 'lib/libtensorflow_framework.so', target: 'libtensorflow_framework.so.2' },
        { at: 'lib/libtensorflow_framework.so.2.9.1', target: 'libtensorflow_framework.so.2' },
      ],
      bytes: 788_086_608 + 65_222_328 + 75_000 + 23_000 + 4_000 + 3_000,
    })
  })

  test('has links only to planned files', () => {
    const { files, links } = right(planOf(members))
    const places = new Set(files.map(({ to }) => to))
    for (const { at, target } of links) {
      expect(places.has(at)).toBe(false)
      expect(places.has(`lib/${target}`)).toBe(true)
    }
  })

  test.each([
    ['without a library', members.filter(({ name }) => !name.includes('_cc')), /libtensorflow_cc\.so\.2/],
    ['without a header', members.filter(({ name }) => !name.endsWith('/c/c_api.h')), /c\/c_api\.h/],
    ['with a library twice', [...members, members[1]!], /twice/],
    ['of a member without a size', [...members.slice(2), { ...members[1]!, bytes: undefined }], /its size/],
    [
      'of too many bytes',
      members.map(member => (member.name.includes('_cc') ? { ...member, bytes: maxUnpackedBytes } : member)),
      /more than/,
    ],
    [
      'that leads out of its folder',
      [...members, { name: 'tensorflow/include/tensorflow/c/../../../../evil.h', bytes: 1 }],
      /evil\.h.*plain/,
    ],
  ] as const)('%s is refused', (_, altered, problem) => {
    expect(left(planOf(altered))).toMatch(problem)
  })

  test('places no member outside of deps, whatever its name', () => {
    const part = fc.oneof(
      fc.constantFrom('..', '.', '', 'tensorflow', 'c', '\\', '..\\..', 'C:', '~', 'a b', '\0', 'x.h'),
      fc.string(),
    )
    const prefix = fc.constantFrom(
      'tensorflow/include/tensorflow/c/',
      'tensorflow/include/xla/tsl/c/',
      'tensorflow/include/tsl/platform/ctstring',
      '/',
      '',
    )
    fc.assert(
      fc.property(prefix, fc.array(part, { maxLength: 6 }), (start, parts) => {
        const name = `${start}${parts.join('/')}.h`
        const planned = planOf([...members, { name, bytes: 1 }])
        if (planned._tag === 'Left' || placeOf(name) === null) return
        const { to } = planned.right.files.at(-1)!
        expect(to).toMatch(/^include\/[\w+-][\w+.-]*(\/[\w+-][\w+.-]*)*$/)
      }),
      cases(1000),
    )
  })
})

describe('the wheel', () => {
  test('is requested from pip by its hash, for one Python, without dependencies', () => {
    const { sha256, version } = tensorflowWheel
    expect(requirement(tensorflowWheel)).toBe(`tensorflow-cpu==${version} --hash=sha256:${sha256}\n`)
    const args = pipArguments(tensorflowWheel, { requirements: 'r.txt', folder: 'f' })
    for (const needed of [
      '--require-hashes',
      '--no-deps',
      '--only-binary=:all:',
      '--requirement=r.txt',
      '--dest=f',
    ])
      expect(args).toContain(needed)
    const { python, abi, platform } = tensorflowWheel.tags
    expect(tensorflowWheel.file).toBe(
      `tensorflow_cpu-${version}-cp${python.replace('.', '')}-${abi}-${platform}.whl`,
    )
  })
})
