/**
 * Name and tag of the image that gates run in, which `mcpnest image build` puts beside every other. It is taken from the
 * engine as it is there, and never pulled.
 */
export const gateImage = 'mcpnest/gate:1';
