/** Whether a host name of a URL is this machine: localhost, 127.x.y.z or ::1. */
export const isLocalHost = (host: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(host);
