import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing } from '../schemas/common.ts';
import { hostedImage, hostedImageAllow, hostedImageList } from '../schemas/hosted.ts';

const collection = '/api/v1/hosted-images';

/** Which bytes may run: nothing starts from an image whose digest is not here. */
export const hostedImages = {
  list: defineOperation({
    id: 'hostedImages.list',
    method: 'GET',
    path: collection,
    summary: 'List the images that may run, and those that no longer may',
    params: nothing,
    query: nothing,
    body: null,
    response: hostedImageList,
    status: 200,
    role: 'owner',
    scope: 'instance',
    errors: [],
  }),
  allow: defineOperation({
    id: 'hostedImages.allow',
    method: 'POST',
    path: collection,
    summary: 'Allow an image of a catalogue entry to run',
    description: 'For the version of the entry that this release has. The newest allowed image is what is deployed.',
    params: nothing,
    query: nothing,
    body: hostedImageAllow,
    response: hostedImage,
    status: 201,
    role: 'owner',
    scope: 'instance',
    errors: ['already_exists'],
    example: { image: 'mcpnest/filesystem', digest: `sha256:${'0'.repeat(64)}` },
  }),
  revoke: defineOperation({
    id: 'hostedImages.revoke',
    method: 'DELETE',
    path: `${collection}/{image}`,
    summary: 'Let an image run no longer',
    description: 'Instances that run from it are stopped within seconds.',
    params: z.strictObject({ image: id }),
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'owner',
    scope: 'instance',
    errors: ['not_found'],
  }),
};
