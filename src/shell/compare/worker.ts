/** The process of one run of a comparison. */
import { methods } from '../run/methods.js'
import { serve } from './serve.js'

serve(methods)
