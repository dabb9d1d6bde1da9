/** The file that makes a folder a site. */
export const SITE_FILE = 'nocturne.yaml'
/** Contains every key. */
export const EXAMPLE_SITE = 'config/example-site/nocturne.yaml'
