/** Requests that peers send to us. */
import {
  A_DATA_SET,
  CommandField,
  NO_DATA_SET,
  Tag,
  encodeCommand,
} from '../../src/doors/dimse/command.js'

export const echoRequest = (messageId: number, sopClass: string): Buffer =>
  encodeCommand([
    [Tag.affectedClass, sopClass],
    [Tag.field, CommandField.echoRq],
    [Tag.messageId, messageId],
    [Tag.dataSetType, NO_DATA_SET],
  ])

export const storeRequest = (messageId: number, sopClass: string, sopInstance: string): Buffer =>
  encodeCommand([
    [Tag.affectedClass, sopClass],
    [Tag.field, CommandField.storeRq],
    [Tag.messageId, messageId],
    [Tag.priority, 0],
    [Tag.dataSetType, A_DATA_SET],
    [Tag.affectedInstance, sopInstance],
  ])

export const actionRequest = (
  messageId: number,
  sop: { readonly sopClass: string; readonly sopInstance: string },
  actionType: number,
): Buffer =>
  encodeCommand([
    [Tag.requestedClass, sop.sopClass],
    [Tag.field, CommandField.actionRq],
    [Tag.messageId, messageId],
    [Tag.dataSetType, A_DATA_SET],
    [Tag.requestedInstance, sop.sopInstance],
    [Tag.actionType, actionType],
  ])
