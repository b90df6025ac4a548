/** The process of one run of a comparison. */
import { methods } from '../record/Methods.js'
import { serve } from './serve.js'

serve(methods)
