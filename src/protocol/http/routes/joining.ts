import {
  confirmedAnswer,
  confirmRequest,
  endedAnswer,
  invitationMade,
  invitationRequest,
  invitationsAnswer,
  joinAnswer,
  joinCertificateRequest,
  joinedAnswer,
  joinRequest,
} from '../../joining/http.js'
import type { Routes } from '../route.js'

const JOINING = 'Joining'
const PRINCIPAL = 'The name that the invitation is for.'

export const JOINING_ROUTES: Routes = {
  'GET /v1/invitations': {
    tag: JOINING,
    summary: 'Invitations that are not confirmed or withdrawn',
    roles: ['operator'],
    answers: { 200: { about: 'The invitations, without their secrets.', json: invitationsAnswer } },
  },
  'POST /v1/invitations': {
    tag: JOINING,
    summary: 'Invite a person',
    about:
      'Makes a link that works once, for a limited time. An earlier invitation of the same name ends.',
    roles: ['operator'],
    json: invitationRequest,
    answers: { 201: { about: 'The link, which is shown only now.', json: invitationMade } },
    errors: ['principal_exists', 'unknown_principal'],
  },
  'POST /v1/invitations/{principal}/confirm': {
    tag: JOINING,
    summary: 'Put an invited person into effect',
    about:
      'Call the person first, at a number that you know, and have them read out the words: they stand for the certificate that was sent. The person is in effect at every gateway within 5 seconds.',
    roles: ['operator'],
    path: { principal: PRINCIPAL },
    json: confirmRequest,
    answers: { 200: { about: 'In effect.', json: confirmedAnswer } },
    errors: ['invitation_unanswered', 'invitation_words', 'principal_exists', 'certificate_taken'],
  },
  'POST /v1/invitations/{principal}/end': {
    tag: JOINING,
    summary: 'Withdraw an invitation, or remove a person who was enrolled by one',
    about: 'The tokens and sessions of a person who is removed are revoked.',
    roles: ['operator'],
    path: { principal: PRINCIPAL },
    answers: { 200: { about: 'Ended.', json: endedAnswer } },
    errors: ['unknown_principal'],
  },
  'POST /v1/join': {
    tag: JOINING,
    summary: 'What a link invites to',
    roles: 'anyone',
    json: joinRequest,
    answers: { 200: { about: 'The invitation.', json: joinAnswer } },
    errors: ['invitation_unusable', 'rate_limited'],
  },
  'POST /v1/join/certificate': {
    tag: JOINING,
    summary: 'Send the certificate of an invited person',
    about:
      'With a signature that shows that the sender has its private key. Nothing is in effect until the operator has confirmed it.',
    roles: 'anyone',
    json: joinCertificateRequest,
    answers: { 200: { about: 'Recorded; the operator confirms it next.', json: joinedAnswer } },
    errors: [
      'invitation_unusable',
      'invitation_signature',
      'certificate_taken',
      'certificate_unreadable',
      'certificate_unsupported',
      'certificate_no_user_id',
      'certificate_several',
      'certificate_is_secret',
      'certificate_expired',
      'certificate_not_yet_valid',
      'certificate_revoked',
      'certificate_weak',
      'certificate_cannot_encrypt',
      'certificate_cannot_sign',
      'rate_limited',
    ],
  },
}
