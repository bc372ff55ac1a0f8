"""A server that gives a docker-registry its tokens, as distribution's specification of token authentication has it."""
import base64
import datetime
import http.server
import ipaddress
import json
import ssl
import threading
import time
import urllib.parse

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

SERVICE, ISSUER = "registry.test", "tokens.test"
ADDRESS = "127.0.0.2"  # this machine, but not one of its names to which clients speak plain HTTP
LIFETIME_S = 60


class TokenServer:
    """users: {name: (password, {repository: [action]})}.  `asked` lists (user, scope, granted) of every token given.
    It and the registry share a certificate for TLS, which nobody trusts who was not told to (`certificate_file`)."""

    def __init__(self, folder, users):
        self.users, self.asked = users, []
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ISSUER)])
        now = datetime.datetime.utcnow()
        self.certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
                            .serial_number(1).not_valid_before(now - datetime.timedelta(hours=1))
                            .not_valid_after(now + datetime.timedelta(hours=1))
                            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(ADDRESS))]),
                                           critical=False)
                            .sign(self.key, hashes.SHA256()))
        self.certificate_file, self.key_file = f"{folder}/certificate.pem", f"{folder}/key.pem"
        with open(self.certificate_file, "wb") as file:
            file.write(self.certificate.public_bytes(serialization.Encoding.PEM))
        with open(self.key_file, "wb") as file:
            file.write(self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                              serialization.NoEncryption()))
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                owner.answer(self)

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer((ADDRESS, 0), Handler)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.certificate_file, self.key_file)
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.realm = f"https://{ADDRESS}:{self.server.server_address[1]}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def configuration(self):
        """The line of a registry's configuration that sends clients here."""
        return (f"auth: {{token: {{realm: '{self.realm}', service: {SERVICE}, issuer: {ISSUER}, "
                f"rootcertbundle: '{self.certificate_file}'}}}}")

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
