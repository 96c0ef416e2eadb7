import { integer } from '../../schema/shape.js'
import { defineJson } from '../json.js'

/** The answer of endpoints that have nothing to say. Agents look at the HTTP status only. */
export const acknowledgement = defineJson({ code: integer('200 when it was taken.') })
