// Where keys for AWS come from: files of a test, and servers on loopback that stand for Amazon's.
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "core/digest.h"
#include "file_server.h"
#include "registry/aws/identity.h"
#include "set_environment.h"
#include "temporary_folder.h"

namespace sixfold::registry {
namespace {

constexpr const char* kSts =
    "<{0}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{0}Result><Credentials>"
    "<AccessKeyId>{1}</AccessKeyId><SecretAccessKey>secret-of-role</SecretAccessKey>"
    "<SessionToken>token-of-role</SessionToken><Expiration>{2}</Expiration></Credentials></{0}Result></{0}Response>";

// Answers as a test says, and remembers what was asked.
class AwsServer {
 public:
  explicit AwsServer(std::function<net::HttpResponse(const net::HttpRequest&)> answer) : answer_(std::move(answer)) {
    net::HttpServerOptions options;
    options.port = 0;
    options.threads = 1;
    net::Router router;
    const net::Handler handler = [this](const net::HttpRequest& request, const auto& to) {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      to->send(answer_(request));
    };
    router.add({"POST", "/", handler});
    for (const char* method : {"GET", "PUT"}) router.add({method, "/{path...}", handler});
    auto started = net::HttpServer::start(std::move(options), std::move(router));
    EXPECT_TRUE(started.is_ok());
    server_ = std::move(*started);
  }
  ~AwsServer() { server_.reset(); }

  std::string url() const { return fmt::format("http://127.0.0.1:{}", server_->port()); }
  // Of what `answer` reads.
  void change(const std::function<void()>& step) {
    const std::lock_guard lock(mutex_);
    step();
  }
  std::vector<net::HttpRequest> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::function<net::HttpResponse(const net::HttpRequest&)> answer_;
  std::vector<net::HttpRequest> requests_;
  std::unique_ptr<net::HttpServer> server_;
};

struct LoginFixture {
  LoginFixture() {
    environment.set("HOME", folder.path());
    environment.set("AWS_EC2_METADATA_DISABLED", "true");
  }

  void config(const std::string& text) { write_all(folder.at(".aws/config"), text); }
  void credentials(const std::string& text) { write_all(folder.at(".aws/credentials"), text); }

  AwsIdentity identity() {
    auto profiles = AwsProfiles::read(environment);
    EXPECT_TRUE(profiles.is_ok());
    net::HttpClientOptions http = quick_http();
    http.clock = &clock;
    return AwsIdentity({environment, *std::move(profiles), http});
  }
  // The access key in use; "anonymous", or the error's message.
  std::string key() {
    AwsIdentity found = identity();
    return key_of(found);
  }
  static std::string key_of(AwsIdentity& identity) {
    const auto keys = identity.keys();
    if (!keys.is_ok()) return keys.error().message;
    return *keys ? (*keys)->access_key : "anonymous";
  }

  TemporaryFolder folder;
  SetEnvironment environment;
  ManualClock clock;  // 2023-11-14
};

TEST(AwsIdentity, nobody_is_anonymous) {
  LoginFixture fixture;
  EXPECT_EQ(fixture.key(), "anonymous");
}

TEST(AwsIdentity, environment_comes_before_files_and_half_a_pair_is_an_error) {
  LoginFixture fixture;
  fixture.credentials("[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n");
  EXPECT_EQ(fixture.key(), "FILE");
  fixture.environment.set("AWS_ACCESS_KEY_ID", "ENV");
  EXPECT_NE(fixture.key().find("only one is set"), std::string::npos);
  fixture.environment.set("AWS_SECRET_ACCESS_KEY", "s");
  fixture.environment.set("AWS_SESSION_TOKEN", "t");
  AwsIdentity identity = fixture.identity();
  const auto keys = identity.keys();
  EXPECT_EQ((*keys)->access_key, "ENV");
  EXPECT_EQ((*keys)->session_token, "t");
  EXPECT_EQ(identity.without_secrets("ENV s=t"), "*** ***=***");
  fixture.environment.set("SIXFOLD_S3_ANONYMOUS", "1");
  EXPECT_EQ(fixture.key(), "anonymous");
  fixture.credentials("[default]\naws_access_key_id = FILE\n");
  fixture.environment = {};
  fixture.environment.set("HOME", fixture.folder.path());
  EXPECT_NE(fixture.key().find("it has only one"), std::string::npos);
}

TEST(AwsIdentity, web_identity_asks_without_a_signature_and_reads_the_token_each_time) {
  LoginFixture fixture;
  int answers = 0;
  AwsServer sts([&](const net::HttpRequest&) {
    ++answers;
    return net::HttpResponse{.body = fmt::format(fmt::runtime(kSts), "AssumeRoleWithWebIdentity",
                                                 "ROLE" + std::to_string(answers),
                                                 answers == 1 ? "2023-11-14T23:13:20Z" : "2023-11-15T23:13:20Z")};
  });
  write_all(fixture.folder.at("token"), "web token+1\n");
  fixture.environment.set("AWS_WEB_IDENTITY_TOKEN_FILE", fixture.folder.at("token"));
  EXPECT_NE(fixture.key().find("AWS_ROLE_ARN"), std::string::npos);
  fixture.environment.set("AWS_ROLE_ARN", "arn:aws:iam::1:role/r");
  fixture.environment.set("AWS_ENDPOINT_URL_STS", sts.url());
  AwsIdentity identity = fixture.identity();
  EXPECT_EQ(LoginFixture::key_of(identity), "ROLE1");  // holds for an hour
  fixture.clock.advance(std::chrono::minutes(44));
  EXPECT_EQ(LoginFixture::key_of(identity), "ROLE1");
  write_all(fixture.folder.at("token"), "second");
  fixture.clock.advance(std::chrono::minutes(2));
  EXPECT_EQ(LoginFixture::key_of(identity), "ROLE2");
  const auto requests = sts.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].header("Authorization"), "");
  EXPECT_EQ(requests[0].body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"
            "&RoleSessionName=sixfold&WebIdentityToken=web%20token%2B1&DurationSeconds=3600");
  EXPECT_NE(requests[1].body.find("WebIdentityToken=second"), std::string::npos);
}

TEST(AwsIdentity, old_keys_are_used_while_they_hold_and_no_longer) {
  LoginFixture fixture;
  bool is_down = false;
  AwsServer sts([&](const net::HttpRequest&) {
    if (is_down) return net::HttpResponse{.status = 403};
    return net::HttpResponse{
        .body = fmt::format(fmt::runtime(kSts), "AssumeRoleWithWebIdentity", "ROLE", "2023-11-14T23:13:20Z")};
  });
  write_all(fixture.folder.at("token"), "t");
  fixture.environment.set("AWS_WEB_IDENTITY_TOKEN_FILE", fixture.folder.at("token"));
  fixture.environment.set("AWS_ROLE_ARN", "r");
  fixture.environment.set("AWS_ENDPOINT_URL_STS", sts.url());
  AwsIdentity identity = fixture.identity();
  EXPECT_EQ(LoginFixture::key_of(identity), "ROLE");
  sts.change([&] { is_down = true; });
  fixture.clock.advance(std::chrono::minutes(50));
  EXPECT_EQ(LoginFixture::key_of(identity), "ROLE");
  EXPECT_EQ(LoginFixture::key_of(identity), "ROLE");
  EXPECT_EQ(sts.requests().size(), 2u);  // not asked again at once
  fixture.clock.advance(std::chrono::minutes(10));
  EXPECT_NE(LoginFixture::key_of(identity).find("403"), std::string::npos);
}

TEST(AwsIdentity, a_role_is_assumed_with_another_profiles_keys) {
  LoginFixture fixture;
  AwsServer sts([](const net::HttpRequest&) {
    return net::HttpResponse{.body = fmt::format(fmt::runtime(kSts), "AssumeRole", "ROLE", "2023-11-15T00:00:00.000Z")};
  });
  fixture.config(
      "[profile role]\nrole_arn = arn:r\nsource_profile = base\nexternal_id = e 1\nduration_seconds = 900\n"
      "region = eu-west-1\n[profile loop]\nrole_arn = a\nsource_profile = loop2\n[profile loop2]\nrole_arn = b\n"
      "source_profile = loop\n[profile mfa]\nrole_arn = a\nmfa_serial = m\nsource_profile = base\n"
      "[profile env]\nrole_arn = a\ncredential_source = Environment\n"
      "[profile odd]\nrole_arn = a\ncredential_source = Odd\n[profile lost]\nrole_arn = a\nsource_profile = none\n");
  fixture.credentials("[base]\naws_access_key_id = BASE\naws_secret_access_key = s\n");
  fixture.environment.set("AWS_ENDPOINT_URL_STS", sts.url());
  fixture.environment.set("AWS_PROFILE", "role");
  EXPECT_EQ(fixture.key(), "ROLE");
  const net::HttpRequest request = sts.requests().front();
  EXPECT_EQ(request.body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Ar&RoleSessionName=sixfold&DurationSeconds=900"
            "&ExternalId=e%201");
  EXPECT_TRUE(request.header("Authorization")
                  .starts_with("AWS4-HMAC-SHA256 Credential=BASE/20231114/eu-west-1/sts/aws4_request"));
  const auto problem = [&](const char* profile) {
    fixture.environment.set("AWS_PROFILE", profile);
    return fixture.key();
  };
  EXPECT_NE(problem("loop").find("leads back to itself"), std::string::npos);
  EXPECT_NE(problem("mfa").find("mfa_serial"), std::string::npos);
  EXPECT_NE(problem("odd").find("credential_source"), std::string::npos);
  EXPECT_NE(problem("lost").find("no profile \"none\""), std::string::npos);
  EXPECT_NE(problem("env").find("no keys to assume a with"), std::string::npos);
}

TEST(AwsIdentity, a_refusal_of_sts_is_explained_without_the_token) {
  LoginFixture fixture;
  AwsServer sts([](const net::HttpRequest&) {
    return net::HttpResponse{
        .status = 400,
        .body =
            "<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>Token expired, secret-token"
            "</Message></Error></ErrorResponse>"};
  });
  write_all(fixture.folder.at("token"), "secret-token");
  fixture.environment.set("AWS_WEB_IDENTITY_TOKEN_FILE", fixture.folder.at("token"));
  fixture.environment.set("AWS_ROLE_ARN", "r");
  fixture.environment.set("AWS_ENDPOINT_URL", sts.url());
  EXPECT_NE(fixture.key().find("ExpiredTokenException: Token expired, ***"), std::string::npos);
  EXPECT_EQ(fixture.key().find("secret-token"), std::string::npos);
}

TEST(AwsIdentity, a_process_prints_keys) {
  LoginFixture fixture;
  const auto with = [&](const std::string& command) {
    fixture.config("[default]\ncredential_process = " + command + "\n");
    return fixture.key();
  };
  const std::string script = fixture.folder.at("a script.sh");
  write_all(script, "echo \"{\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"$1\\\",\\\"SecretAccessKey\\\":\\\"s\\\"}\"\n");
  EXPECT_EQ(with("sh \"" + script + "\" 'MY KEY'"), "MY KEY");
  EXPECT_NE(with("sh -c 'exit 3'").find("ended with an error"), std::string::npos);
  EXPECT_NE(with("sh -c 'echo {}'").find("Version"), std::string::npos);
  EXPECT_NE(with("echo secret-of-mine").find("want a JSON object"), std::string::npos);
  EXPECT_EQ(with("echo '\"secret-of-mine\"'").find("secret-of-mine"), std::string::npos);
  EXPECT_EQ(with("echo secret-of-mine").find("secret-of-mine"), std::string::npos);
  EXPECT_NE(with("no-such-program-anywhere").find("credential_process"), std::string::npos);
  EXPECT_NE(with("sh 'open").find("closed quotes"), std::string::npos);
}

TEST(AwsIdentity, single_sign_on_uses_the_cached_token) {
  LoginFixture fixture;
  AwsServer portal([](const net::HttpRequest&) {
    return net::HttpResponse{.body = R"({"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"s",)"
                                     R"("sessionToken":"t","expiration":1700003600000}})"};
  });
  fixture.config(
      "[default]\nsso_session = main\nsso_account_id = 12\nsso_role_name = a b\n"
      "[sso-session main]\nsso_region = eu-west-1\nsso_start_url = https://start\n");
  fixture.environment.set("AWS_ENDPOINT_URL_SSO", portal.url());
  EXPECT_NE(fixture.key().find("aws sso login"), std::string::npos);
  Hasher sha1(HashKind::kSha1);
  sha1.add(std::string_view("main"));
  const std::string cache = fixture.folder.at(".aws/sso/cache/" + sha1.finish() + ".json");
  write_all(cache, R"({"accessToken":"sso-token","expiresAt":"2020-01-01T00:00:00Z"})");
  EXPECT_NE(fixture.key().find("aws sso login"), std::string::npos);
  write_all(cache, R"({"accessToken":"sso-token","expiresAt":"2024-01-01T00:00:00Z"})");
  EXPECT_EQ(fixture.key(), "SSO");
  const net::HttpRequest request = portal.requests().front();
  EXPECT_EQ(request.path, "/federation/credentials");
  EXPECT_EQ(request.query_value("role_name"), "a b");
  EXPECT_EQ(request.header("x-amz-sso_bearer_token"), "sso-token");
}

TEST(AwsIdentity, a_container_gives_keys_for_its_token) {
  LoginFixture fixture;
  AwsServer container([](const net::HttpRequest& request) {
    if (request.header("Authorization") != "Bearer one") return net::HttpResponse{.status = 403};
    return net::HttpResponse{.body = R"({"AccessKeyId":"BOX","SecretAccessKey":"s","Token":"t",)"
                                     R"("Expiration":"2024-01-01T00:00:00Z"})"};
  });
  fixture.environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.url() + "/creds");
  EXPECT_NE(fixture.key().find("403"), std::string::npos);
  fixture.environment.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer one");
  EXPECT_EQ(fixture.key(), "BOX");
  write_all(fixture.folder.at("token"), "Bearer one\nX-Evil: 1");
  fixture.environment.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", fixture.folder.at("token"));
  EXPECT_NE(fixture.key().find("control characters"), std::string::npos);
  for (const char* address : {"http://example.org/", "http://127.evil.org/", "http://169.254.170.3/"}) {
    fixture.environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", address);
    EXPECT_NE(fixture.key().find("an address of this machine"), std::string::npos) << address;
  }
}

// What an instance's metadata service does.
struct Instance {
  int token_status = 200;
  bool wants_token = true;
  std::string role = "my-role\n";

  net::HttpResponse operator()(const net::HttpRequest& request) const {
    if (request.path == "/latest/api/token") {
      const bool is_right =
          request.method == "PUT" && request.header("X-aws-ec2-metadata-token-ttl-seconds") == "21600";
      return {.status = is_right ? token_status : 400, .body = "metadata-token"};
    }
    if (wants_token && request.header("X-aws-ec2-metadata-token") != "metadata-token") return {.status = 401};
    if (request.path == "/latest/meta-data/iam/security-credentials/") return {.body = role};
    if (request.path != "/latest/meta-data/iam/security-credentials/my-role") return {.status = 404};
    return {.body = R"({"Code":"Success","AccessKeyId":"EC2","SecretAccessKey":"s","Token":"t",)"
                    R"("Expiration":"2023-11-14T23:13:20Z"})"};
  }
};

TEST(AwsIdentity, an_instance_gives_keys_by_both_versions) {
  LoginFixture fixture;
  Instance instance;
  AwsServer metadata([&](const net::HttpRequest& request) { return instance(request); });
  fixture.environment.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url() + "/");
  EXPECT_EQ(fixture.key(), "anonymous");  // switched off
  fixture.environment.set("AWS_EC2_METADATA_DISABLED", "");
  EXPECT_EQ(fixture.key(), "EC2");
  metadata.change([&] { instance = Instance{.token_status = 404, .wants_token = false}; });
  EXPECT_EQ(fixture.key(), "EC2");
  fixture.environment.set("AWS_EC2_METADATA_V1_DISABLED", "true");
  EXPECT_NE(fixture.key().find("404"), std::string::npos);
  metadata.change([&] { instance = Instance{.token_status = 400}; });
  fixture.environment.set("AWS_EC2_METADATA_V1_DISABLED", "");
  EXPECT_NE(fixture.key().find("400"), std::string::npos);
  metadata.change([&] { instance = Instance{.role = ""}; });
  EXPECT_EQ(fixture.key(), "anonymous");
  fixture.environment.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1");
  EXPECT_EQ(fixture.key(), "anonymous");
}

TEST(AwsIdentity, an_instances_keys_are_used_on_when_there_are_no_new_ones) {
  LoginFixture fixture;
  Instance instance;
  AwsServer metadata([&](const net::HttpRequest& request) { return instance(request); });
  fixture.environment.set("AWS_EC2_METADATA_DISABLED", "");
  fixture.environment.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url());
  AwsIdentity identity = fixture.identity();
  EXPECT_EQ(LoginFixture::key_of(identity), "EC2");
  metadata.change([&] { instance.token_status = 400; });
  fixture.clock.advance(std::chrono::hours(2));
  EXPECT_EQ(LoginFixture::key_of(identity), "EC2");
}

TEST(AwsIdentity, refused_keys_are_looked_for_again_if_they_can_change) {
  LoginFixture fixture;
  fixture.environment.set("AWS_CREDENTIAL_EXPIRATION", "2030-01-01T00:00:00Z");
  fixture.environment.set("AWS_ACCESS_KEY_ID", "ONE");
  fixture.environment.set("AWS_SECRET_ACCESS_KEY", "s");
  AwsIdentity identity = fixture.identity();
  EXPECT_EQ(LoginFixture::key_of(identity), "ONE");
  fixture.environment.set("AWS_ACCESS_KEY_ID", "TWO");
  EXPECT_EQ(LoginFixture::key_of(identity), "ONE");
  EXPECT_TRUE(identity.renew());
  EXPECT_EQ(LoginFixture::key_of(identity), "TWO");
  fixture.environment.set("AWS_CREDENTIAL_EXPIRATION", "");
  AwsIdentity written_down = fixture.identity();
  EXPECT_EQ(LoginFixture::key_of(written_down), "TWO");
  EXPECT_FALSE(written_down.renew());
}

}  // namespace
}  // namespace sixfold::registry
