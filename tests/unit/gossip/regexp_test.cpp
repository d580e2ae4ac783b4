// Regular expressions of tag filters: what they find, what is refused, and that no pattern takes long.
#include "core/gossip/regexp.h"

#include <string>

#include "tests/catch.h"

namespace quorumlab::gossip {
namespace {

bool found(std::string_view pattern, std::string_view text) {
  Regexp regexp;
  REQUIRE(regexp.compile(pattern));
  return regexp.found_in(text);
}
bool refused(std::string_view pattern) {
  Regexp regexp;
  const bool compiled = regexp.compile(pattern);
  if (!compiled) CHECK_FALSE(regexp.found_in("anything"));
  return !compiled;
}

TEST_CASE("patterns are not anchored") {
  CHECK(found("l.*", "lb"));
  CHECK(found("l.*", "xlb"));
  CHECK(found("eb", "web"));
  CHECK_FALSE(found("^eb", "web"));
  CHECK(found("we$", "we"));
  CHECK_FALSE(found("we$", "web"));
  CHECK(found("", ""));
  CHECK(found("", "web"));
  CHECK_FALSE(found("web", ""));
  CHECK(found("^$", ""));
  CHECK_FALSE(found("^$", "x"));
}

TEST_CASE("alternatives, groups and repetition") {
  CHECK(found("^(web|db)-[0-9]+$", "db-17"));
  CHECK(found("^(web|db|lb)$", "lb"));
  CHECK_FALSE(found("^(web|db)-[0-9]+$", "db-"));
  CHECK(found("^ab*c$", "ac"));
  CHECK(found("^ab*c$", "abbbc"));
  CHECK_FALSE(found("^ab+c$", "ac"));
  CHECK(found("^ab+?c$", "abbc"));
  CHECK(found("^colou?r$", "color"));
  CHECK(found("^a{2,3}$", "aa"));
  CHECK(found("^a{2,3}$", "aaa"));
  CHECK_FALSE(found("^a{2,3}$", "a"));
  CHECK_FALSE(found("^a{2,3}$", "aaaa"));
  CHECK(found("^a{2}$", "aa"));
  CHECK(found("^a{2,}$", "aaaaa"));
  CHECK_FALSE(found("^a{2,}$", "a"));
  CHECK(found("^a{0}b$", "b"));
  CHECK_FALSE(found("^a{0}b$", "ab"));
  CHECK(found("^a{0,2}b$", "aab"));
  CHECK_FALSE(found("^a{0,2}b$", "aaab"));
  CHECK(found("^(ab){2}(c|d){1,2}$", "ababdc"));
  CHECK(found("^(a*)*$", "aaaa"));
  CHECK(found("^(a*)+b$", "aab"));
  CHECK(found("^(|a)+$", "aaa"));
  CHECK(found("^a{,2}$", "a{,2}"));  // not a count: as it stands
  CHECK(found("^(?:x|(?P<n>y))z$", "yz"));
}

TEST_CASE("classes and escapes") {
  CHECK(found("^[a-c]+$", "abcabc"));
  CHECK_FALSE(found("^[a-c]+$", "abd"));
  CHECK(found("^[^a-c]+$", "xyz"));
  CHECK_FALSE(found("^[^a-c]+$", "xbz"));
  CHECK(found("^[]a]+$", "]a"));
  CHECK(found("^[a\\]-]+$", "a]-"));
  CHECK(found("^[[:digit:][:upper:]]+$", "A1"));
  CHECK_FALSE(found("^[[:^digit:]]+$", "1"));
  CHECK(found("^\\d+\\.\\d+$", "1.22"));
  CHECK_FALSE(found("^\\d+\\.\\d+$", "1x22"));
  CHECK(found("^\\w+\\s\\W$", "ab_1 !"));
  CHECK(found("^[\\d-]+$", "1-2"));
  CHECK(found("^\\S\\D$", "ab"));
  CHECK_FALSE(found("^\\D$", "7"));
  CHECK(found("\\bweb\\b", "a web b"));
  CHECK_FALSE(found("\\bweb\\b", "webs"));
  CHECK(found("e\\Bb", "web"));
  CHECK(found("\\Aweb\\z", "web"));
  CHECK(found("^\\x41\\x{42}$", "AB"));
  CHECK(found("^\\Qa.b*\\E+$", "a.b**"));
  CHECK_FALSE(found("^\\Qa.b\\E$", "axb"));
  CHECK(found("^(\\Q|)\\E|x)\\Q\\E\\Q$\\Ez$", "|)$z"));
  CHECK(found("^a.c$", "a\xc3\xa9" "c"));  // one letter, two bytes
  CHECK_FALSE(found("^a.c$", "a\nc"));
  CHECK(found("(?s)^a.c$", "a\nc"));
  CHECK(found("(?i)^WeB$", "wEb"));
  CHECK(found("(?i:W)eb", "web"));
  CHECK_FALSE(found("(?i:W)eB", "web"));
  CHECK(found("(?i)[x-z]", "Y"));
  CHECK(found("(?m)^b$", "a\nb\nc"));
  CHECK_FALSE(found("^b$", "a\nb\nc"));
  CHECK(found("^.$", "\xff"));  // a byte that is no text counts as one
}

TEST_CASE("what is wrong or not supported is refused") {
  for (const char* pattern :
       {"(", ")", "(a", "a)", "[", "[a", "[]", "[b-a]", "*", "+a", "?", "a**", "a+*", "{2}", "a{3,2}",
        "a{1001}", "(?x)a", "(?P<>a)", "(?<a", "\\", "\\8", "\\pL", "\\q", "\\x4", "\\x{}",
        "\\x{110000}", "[[:foo:]]", "\xff", "a|*"}) {
    INFO(pattern);
    CHECK(refused(pattern));
  }
  CHECK(refused("((a{100}){100}){100}"));
  CHECK(refused(std::string(5000, 'a')));
  CHECK(refused(std::string(500, '(') + std::string(500, ')')));
}

TEST_CASE("clever patterns end soon") {
  const std::string text(512, 'a');
  CHECK_FALSE(found("(a*)*(a*)*(a*)*b", text));
  CHECK_FALSE(found("(a|aa)+$b", text));
  CHECK(found("(x+x+)+y|a{500}", text));
}

}  // namespace
}  // namespace quorumlab::gossip
