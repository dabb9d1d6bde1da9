/** The file that makes a folder a site. */
export const SITE_FILE = 'nocturne.yaml'
