// An animated GIF, written picture by picture: the same bytes on every machine.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "viz/backend/software/rasteriser.h"

namespace quorumlab::viz {

// Each picture keeps its 255 most telling colours; the others become the nearest of those. Only what
// differs from the picture before is stored, and pictures that do not differ lengthen the one before.
class GifWriter {
 public:
  GifWriter() = default;
  ~GifWriter();
  GifWriter(const GifWriter&) = delete;
  GifWriter& operator=(const GifWriter&) = delete;

  // False: the file cannot be written. All pictures must have this size.
  bool open(const std::string& path, int width, int height);
  // `hundredths`: of a second, that it is shown.
  void add(const Image& image, int hundredths);
  // False: something could not be written.
  bool close();

 private:
  struct Part {  // the smallest rectangle that holds all changes
    int left = 0, top = 0, right = 0, bottom = 0;
  };
  bool changed(const Image& image, Part& part) const;
  void take_colours(const Image& image, const Part& part);
  void write_waiting();
  void write_packed(const std::vector<std::uint8_t>& pixels);
  void put(const std::vector<std::uint8_t>& bytes);
  void byte(int value) { bytes_.push_back(static_cast<std::uint8_t>(value)); }
  void word(int value) {
    byte(value & 255);
    byte(value >> 8 & 255);
  }

  std::FILE* file_ = nullptr;
  bool good_ = true;
  int width_ = 0, height_ = 0;
  std::vector<std::uint32_t> shown_;     // the last picture's pixels, as 0xRRGGBB
  std::vector<std::uint8_t> waiting_;    // the last picture's pixels, as it will be stored
  std::vector<std::uint32_t> palette_;   // of the picture that waits
  Part part_;
  int hundredths_ = 0;
  bool has_waiting_ = false;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace quorumlab::viz
