"""A server that gives a docker-registry its tokens, as distribution's specification of token authentication has it."""
import base64
import datetime
import http.server
import json
import threading
import time
import urllib.parse

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

SERVICE, ISSUER = "registry.test", "tokens.test"
LIFETIME_S = 60


class TokenServer:
    """users: {name: (password, {repository: [action]})}.  `asked` lists (user, scope, granted) of every token given."""

    def __init__(self, folder, users):
        self.users, self.asked = users, []
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ISSUER)])
        now = datetime.datetime.utcnow()
        self.certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
                            .serial_number(1).not_valid_before(now - datetime.timedelta(hours=1))
                            .not_valid_after(now + datetime.timedelta(hours=1))
                            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                            .sign(self.key, hashes.SHA256()))
        self.bundle = f"{folder}/tokens.pem"
        with open(self.bundle, "wb") as file:
            file.write(self.certificate.public_bytes(serialization.Encoding.PEM))
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                owner.answer(self)

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.realm = f"http://127.0.0.1:{self.server.server_address[1]}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def configuration(self):
        """The lines of a registry's configuration that send clients here."""
        return [f"auth: {{token: {{realm: '{self.realm}', service: {SERVICE}, issuer: {ISSUER}, "
                f"rootcertbundle: '{self.bundle}'}}}}"]

    def answer(self, request):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(request.path).query)
        kind, _, pair = request.headers.get("Authorization", "").partition(" ")
        name, _, password = base64.b64decode(pair).decode().partition(":") if kind == "Basic" else ("", "", "")
        status, body = 401, {"errors": [{"code": "UNAUTHORIZED", "message": "who are you?"}]}
        if query.get("service") == [SERVICE] and name in self.users and self.users[name][0] == password:
            status, body = 200, {"token": self.token(name, query.get("scope", [])), "expires_in": LIFETIME_S}
        data = json.dumps(body).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def token(self, name, scopes):
        access = []
        for scope in " ".join(scopes).split():
            kind, repository, actions = scope.split(":")
            granted = [action for action in actions.split(",") if action in self.users[name][1].get(repository, [])]
            self.asked.append((name, scope, granted))
            access.append({"type": kind, "name": repository, "actions": granted})
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": name, "aud": SERVICE, "exp": now + LIFETIME_S, "nbf": now - 10, "iat": now,
                  "jti": str(len(self.asked)), "access": access}
        chain = [base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()]
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"x5c": chain})
