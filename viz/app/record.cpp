// Which moments are shown, and where their pictures go.
#include "viz/app/record.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "sim/cli/cli.h"
#include "viz/backend/software/gif.h"

namespace quorumlab::viz {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kMostPictures = 36'000;  // an hour of them

int fail(const std::string& text, int code = cli::kExitUsage) {
  std::fprintf(stderr, "quorumlab-viz: %s\n", text.c_str());
  return code;
}

// A program that is fed raw pictures and makes a film of them. Without a shell: names are just names.
class Ffmpeg {
 public:
  // Looks where the shell would.
  static bool installed() {
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "" : path;
    while (!rest.empty()) {
      const std::size_t colon = std::min(rest.find(':'), rest.size());
      const std::string program = std::string(rest.substr(0, colon)) + "/ffmpeg";
      if (access(program.c_str(), X_OK) == 0) return true;
      rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
    return false;
  }
  bool open(const std::string& out, int width, int height, int fps) {
    int ends[2];
    if (pipe(ends) != 0) return false;
    child_ = fork();
    if (child_ < 0) return false;
    if (child_ == 0) {
      dup2(ends[0], 0);
      close(ends[0]);
      close(ends[1]);
      const std::string size = std::to_string(width) + "x" + std::to_string(height), rate = std::to_string(fps);
      // Its players want whole pairs of pixels, and colours by pairs, too.
      execlp("ffmpeg", "ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pixel_format", "rgba", "-video_size",
             size.c_str(), "-framerate", rate.c_str(), "-i", "-", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p",
             "-movflags", "+faststart", ("file:" + out).c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    close(ends[0]);
    pipe_ = ends[1];
    std::signal(SIGPIPE, SIG_IGN);
    return true;
  }
  bool add(const Image& image) {
    for (std::size_t at = 0; at < image.rgba.size();) {
      const ssize_t wrote = write(pipe_, image.rgba.data() + at, image.rgba.size() - at);
      if (wrote <= 0) return false;
      at += static_cast<std::size_t>(wrote);
    }
    return true;
  }
  bool end() {
    close(pipe_);
    int status = 0;
    return waitpid(child_, &status, 0) == child_ && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  pid_t child_ = -1;
  int pipe_ = -1;
};

// The cursor for each picture.
std::vector<Cursor> moments(const RecordOptions& o, std::int64_t speed, const Timeline& timeline, const Cursor& from, const Cursor& to) {
  std::vector<Cursor> out;
  const auto held = static_cast<std::int64_t>(o.hold_s * o.fps);
  Cursor before = from;
  const auto show = [&](const Cursor& at, std::int64_t times) {
    for (std::int64_t i = 0; i < times && out.size() < kMostPictures; ++i) out.push_back(at);
  };
  show(from, 1 + held);
  for (std::int64_t n = 1; before.time_ns < to.time_ns && out.size() < kMostPictures; ++n) {
    const std::int64_t time = std::min(from.time_ns + speed / o.fps * n, to.time_ns);
    const Cursor at = time == to.time_ns ? to : Cursor{time, timeline.record_by(time)};
    for (const Bookmark& b : timeline.bookmarks()) {
      if (held > 0 && b.at.record > before.record && b.at.record <= at.record && b.at.record < to.record) show(b.at, held);
    }
    show(at, 1);
    before = at;
  }
  show(to, held);
  return out;
}

bool place(const Timeline& timeline, const std::string& text, const Cursor& otherwise, Cursor& out) {
  Player finder(timeline);
  if (!text.empty() && !finder.seek_to(text)) return false;
  out = text.empty() ? otherwise : finder.cursor();
  return true;
}

}  // namespace

std::int64_t parse_speed(std::string_view text) {
  // From a millionth to a thousand.
  const auto number = [](std::string_view digits, std::int64_t& millionths) {
    std::int64_t whole = 0, part = 0, scale = 1'000'000;
    bool point = false;
    if (digits.empty() || digits.size() > 13) return false;
    for (const char c : digits) {
      if (c == '.' && !point) {
        point = true;
      } else if (c < '0' || c > '9') {
        return false;
      } else if (!point) {
        whole = whole * 10 + (c - '0');
        if (whole > 1'000) return false;  // its millionths times a second's nanoseconds still fit
      } else if (scale > 1) {
        scale /= 10;
        part += (c - '0') * scale;
      }
    }
    millionths = whole * 1'000'000 + part;
    return millionths > 0;
  };
  const std::size_t slash = text.find('/');
  std::int64_t above = 0, below = 1'000'000;
  if (!number(text.substr(0, slash), above)) return 0;
  if (slash != std::string_view::npos && !number(text.substr(slash + 1), below)) return 0;
  return above * kSecond / below;
}

int record_run(const RecordOptions& o, const Timeline& timeline, Player& player, Stage& stage) {
  const std::int64_t speed = parse_speed(o.speed);
  if (speed < o.fps) return fail("--speed \"" + o.speed + "\": expected a number like 2, 0.1 or 1/10");
  Cursor from, to;
  if (!place(timeline, o.from, {}, from)) return fail("--from \"" + o.from + "\": no bookmark is called so, or more than one, and it is no time");
  if (!place(timeline, o.to, {timeline.end_ns(), timeline.size()}, to)) {
    return fail("--to \"" + o.to + "\": no bookmark is called so, or more than one, and it is no time");
  }
  if (to.time_ns < from.time_ns) return fail("--to is before --from");
  const std::filesystem::path out(o.out);
  const bool folder = std::filesystem::is_directory(out) || !out.has_extension() || o.out.ends_with('/');
  if (!folder && out.extension() != ".gif" && out.extension() != ".mp4") {
    return fail("--record " + o.out + ": films end in .gif or .mp4; a folder of pictures has no ending");
  }
  const bool gif = o.out.ends_with(".gif"), film = o.out.ends_with(".mp4");
  if (film && !Ffmpeg::installed()) {
    return fail(o.out + ": films are made by the program ffmpeg, which is not installed (Debian package ffmpeg); a .gif or a folder needs nothing");
  }
  const auto all = moments(o, speed, timeline, from, to);
  if (all.size() >= kMostPictures) return fail("that would be more than 36,000 pictures: use a higher --speed, or --from and --to");
  stage.view.keys = false;
  GifWriter writer;
  Ffmpeg ffmpeg;
  bool good = true;
  for (std::size_t i = 0; i < all.size() && good; ++i) {
    player.seek_at(all[i]);
    stage.step(0);
    const Image& image = stage.picture();
    if (i == 0 && gif) good = writer.open(o.out, image.width, image.height);
    if (i == 0 && film) good = ffmpeg.open(o.out, image.width, image.height, o.fps);
    if (i == 0 && !gif && !film) {
      std::error_code ignored;
      std::filesystem::create_directories(o.out, ignored);
    }
    if (!good) break;
    if (gif) {
      const auto hundredths = [&](std::size_t n) { return static_cast<int>(n * 100 / static_cast<std::size_t>(o.fps)); };
      writer.add(image, hundredths(i + 1) - hundredths(i));
    } else if (film) {
      good = ffmpeg.add(image);
    } else {
      std::string number = std::to_string(100'000 + i + 1).substr(1);
      good = write_png(o.out + "/frame-" + number + ".png", image);
    }
  }
  if (gif) good = writer.close() && good;
  if (film) good = ffmpeg.end() && good;
  if (!good) return fail(o.out + ": cannot be written");
  std::printf("%s: %zu pictures, %.1f s to watch\n", o.out.c_str(), all.size(), static_cast<double>(all.size()) / o.fps);
  return 0;
}

}  // namespace quorumlab::viz
