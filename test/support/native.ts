/**
 * Whether tfjs-node must be here. Where `setup:native` succeeded, CI says so by this variable, and a test that would
 * pass without tfjs-node fails instead.
 */
export const nativeRequired = process.env['BILEVEL_REQUIRE_NATIVE'] === '1'
