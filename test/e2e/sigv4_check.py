"""Checks AWS Signature Version 4 of a request as it came over the wire.

Written from Amazon's documentation alone, so that a mistake in the program is not repeated here.
"""
import calendar
import hashlib
import hmac
import re
import time
import urllib.parse

SKEW_MAX_S = 15 * 60
AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9]+)/aws4_request, "
                           r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})")


class Refused(Exception):
    def __init__(self, status, code, message="", **more):
        super().__init__(code, message)
        self.status, self.code, self.message, self.more = status, code, message, more


class Keys:
    def __init__(self, access="AKIATEST", secret="very/secret+key", token=None):
        self.access, self.secret, self.token, self.is_expired = access, secret, token, False


def encoded(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-_.~")


def canonical_query(query):
    pairs = []
    for item in query.split("&") if query else []:
        name, _, value = item.partition("=")
        if "+" in item:
            raise Refused(400, "InvalidURI", "a plus that is not encoded")
        pairs.append((encoded(urllib.parse.unquote(name)), encoded(urllib.parse.unquote(value))))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def check_time(stamp, date, now):
    if not re.fullmatch(r"\d{8}T\d{6}Z", stamp) or stamp[:8] != date:
        raise Refused(403, "AccessDenied", "x-amz-date")
    if abs(calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ")) - now) > SKEW_MAX_S:
        raise Refused(403, "RequestTimeTooSkewed", "the difference is too large")


def check_headers(headers, names):
    if names != sorted(set(names)) or "host" not in names:
        raise Refused(403, "AccessDenied", "SignedHeaders")
    for name in {name.lower() for name in headers.keys()}:
        if (name.startswith("x-amz-") or name == "content-type") and name not in names:
            raise Refused(403, "AccessDenied", f"There were headers present in the request which were not signed: {name}")


def check(method, target, headers, body, keys_by_access, region, service, now):
    """Returns the Keys; raises Refused.  target: path and query as sent.  headers: email.message.Message."""
    found = AUTHORIZATION.fullmatch(headers.get("Authorization", ""))
    if not found:
        raise Refused(403, "AccessDenied", "Authorization")
    access, date, said_region, said_service, names, signature = found.groups()
    names = names.split(";")
    if said_region != region:
        raise Refused(400, "AuthorizationHeaderMalformed", f"the region '{said_region}' is wrong", Region=region)
    if said_service != service:
        raise Refused(400, "AuthorizationHeaderMalformed", "service")
    keys = keys_by_access.get(access)
    if keys is None:
        raise Refused(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    check_time(headers.get("x-amz-date", ""), date, now)
    check_headers(headers, names)
    body_hash = hashlib.sha256(body).hexdigest()
    if service == "s3":
        if headers.get("x-amz-content-sha256") != body_hash:
            raise Refused(400, "XAmzContentSHA256Mismatch", "x-amz-content-sha256 is not the body's")
    path, _, query = target.partition("?")
    if encoded(urllib.parse.unquote(path), "/") != path:
        raise Refused(400, "InvalidURI", "path: want percent-encoding of everything else, in capitals")
    lines = "".join("{}:{}\n".format(name, ",".join(re.sub(r"\s+", " ", value.strip())
                                                    for value in headers.get_all(name, []))) for name in names)
    canonical_path = path if service == "s3" else encoded(path, "/")
    canonical = "\n".join((method, canonical_path, canonical_query(query), lines, ";".join(names), body_hash))
    scope = f"{date}/{region}/{service}/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", headers["x-amz-date"], scope,
                      hashlib.sha256(canonical.encode()).hexdigest()))
    key = b"AWS4" + keys.secret.encode()
    for part in (date, region, service, "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(key.hex(), signature):
        raise Refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
    if headers.get("x-amz-security-token") != keys.token:
        raise Refused(403 if keys.token is None else 400, "InvalidToken", "The provided token is malformed.")
    if keys.is_expired:
        raise Refused(400, "ExpiredToken", "The provided token has expired.")
    return keys
