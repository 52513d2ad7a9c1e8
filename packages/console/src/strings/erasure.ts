import { catalogue } from './catalogue.ts';

export const t = catalogue({
  about: 'Remove a person for good, as data protection asks for. What it would blank is shown before anything happens.',
  person: 'Person',
  personHelp: 'Email address, or id of the user.',
  look: 'Show what would go',
  lookTitle: 'Who is to be erased?',
  lookAbout: 'Nothing changes by asking.',
  would: 'What erasing {person} does',
  directory: 'Email and name in the directory are blanked.',
  directoryStays: 'The directory entry stays: the person belongs to a workspace that was not asked about.',
  memberships: {
    one: '{count} membership ends, with its tokens, keys and open invitations.',
    other: '{count} memberships end, with their tokens, keys and open invitations.',
  },
  invitations: { one: '{count} invitation is removed.', other: '{count} invitations are removed.' },
  events: {
    one: '{count} audit event loses its text; its proof stays valid.',
    other: '{count} audit events lose their text; their proofs stay valid.',
  },
  texts: {
    one: '{count} note, reason or label has the address replaced.',
    other: '{count} notes, reasons and labels have the address replaced.',
  },
  calls: 'Calls keep the id {id}, which names nobody.',
  never: 'It cannot be undone.',
  erase: 'Erase this person',
  confirmTitle: 'Erase {person}?',
  erased: 'The person is erased',
});
