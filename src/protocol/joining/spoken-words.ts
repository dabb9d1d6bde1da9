/**
 * A fingerprint as eight words that two people compare by phone. The invitation is part of what is
 * digested, so a key with the same words (64 bits) cannot be searched for before the link is made.
 */
import { bytesOfHex } from '../../lib/bytes.js'
import { sha256Of } from '../signed.js'

/** 256 words that are hard to confuse when spoken: one per octet. */
const WORDS = `
acorn actor album amber anchor angel ankle apple apron arch arrow artist atlas autumn axle badge
bagel bamboo banjo barrel basket beacon beaver bench berry bishop blanket blossom bonnet border
bottle boulder branch bread bridge brick bronze brush bucket buffalo bugle butter button cabin
cactus camel camera canal candle canoe canyon captain caravan carbon carpet carrot castle cavern
cedar chalk cherry chimney cinema circus citrus clarinet cliff cloud clover cobalt coconut
coffee comet compass copper coral cotton cowboy cradle crane crayon cricket crown crystal cymbal
daisy dancer desert diamond dinner dolphin donkey dragon drawer drummer eagle easel echo elbow
elephant ember emerald engine falcon farmer feather fiddle finger firefly flamingo flannel flute
forest fossil fountain freckle garden garlic gazelle geyser giant ginger giraffe glacier goblet
granite grape guitar hammer hammock harbor harvest hazel helmet hermit hickory honey hotel
hunter iceberg igloo indigo island ivory jacket jaguar jasmine jersey jigsaw jungle juniper
kangaroo kayak kernel kettle kitchen kitten ladder lagoon lantern lemon leopard lettuce lily
lizard lobster locket lumber magnet maple marble market meadow melon mermaid mirror mitten
monkey mosaic muffin museum mustard napkin nectar needle nickel noodle nutmeg oasis ocean olive
onion opera orbit orchard orchid otter oyster paddle palace panda parrot pebble pelican pencil
penguin pepper piano pigeon pillow pirate planet plaza plum pocket polar pony poplar postcard
potato prairie prism puddle puppet pyramid quarry quartz quilt rabbit radar radish ranger raven
ribbon ripple river robin rocket rodeo saddle saffron sailor salmon sandal sapphire satchel
saturn scarf school scissors silver skater sparrow spider temple tiger
`
  .trim()
  .split(/\s+/)

const SPOKEN = 8

/** For example `harbor tiger olive kettle robin atlas fossil lemon`. */
export async function spokenWords(invitation: string, fingerprint: string): Promise<string> {
  const text = `nocturne-words/v1|${invitation}|${fingerprint}`
  const digest = bytesOfHex(await sha256Of(new TextEncoder().encode(text)))
  return [...digest.subarray(0, SPOKEN)].map((octet) => WORDS[octet]).join(' ')
}

/** As somebody may type them: in capitals, with commas or hyphens between them. */
export const sameWords = (given: string, expected: string): boolean =>
  given
    .toLowerCase()
    .match(/[a-z]+/g)
    ?.join(' ') === expected
