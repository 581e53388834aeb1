/** Why a login is refused: a status of RFC 7143 11.13.5 with words for the target's own log. */

/** Status-Class and Status-Detail of a Login Response. */
export const LoginStatus = {
  SUCCESS: 0x0000,
  INITIATOR_ERROR: 0x0200,
  AUTHENTICATION_FAILURE: 0x0201,
  AUTHORIZATION_FAILURE: 0x0202,
  NOT_FOUND: 0x0203,
  UNSUPPORTED_VERSION: 0x0205,
  TOO_MANY_CONNECTIONS: 0x0206,
  MISSING_PARAMETER: 0x0207,
  SESSION_TYPE_NOT_SUPPORTED: 0x0209,
  SESSION_DOES_NOT_EXIST: 0x020a,
  INVALID_DURING_LOGIN: 0x020b,
  SERVICE_UNAVAILABLE: 0x0301,
  OUT_OF_RESOURCES: 0x0302,
} as const;

/** A login that is refused. Thrown within the login, and nowhere else. */
export class LoginRefusal extends Error {
  override readonly name = "LoginRefusal";
  readonly status: number;

  constructor(status: number, why: string) {
    super(why);
    this.status = status;
  }
}

/** Makes a refusal. */
export const refuse = (status: number, why: string): LoginRefusal => new LoginRefusal(status, why);
