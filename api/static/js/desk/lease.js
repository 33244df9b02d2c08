// The sheet is ours for ten minutes at a time. While somebody works on it that is renewed; a sheet left alone goes back to the others.
import { server } from "app/desk/server.js";

const BEAT = 60_000, AWAY = 8 * 60_000, NEAR = 120_000;

export class Lease {
  // on: {lost(text), near(text)}
  constructor(say, on) { this.say = say; this.on = on; this.timer = 0; }
  begin(sheet) {
    this.id = sheet.id; this.until = Date.parse(sheet.lease?.until ?? "") || Date.now() + 600_000; this.beaten = this.touched = Date.now();
    this.timer = setInterval(() => this.look(), 1000);
  }
  end() { clearInterval(this.timer); this.timer = 0; this.on.near(""); }
  touch() { this.touched = Date.now(); }
  async look() {
    const now = Date.now(), left = this.until - now, mine = this.id;
    if (left <= 0) { this.end(); return this.on.lost(this.say["lost.time"]); }
    const seconds = Math.floor(left / 1000);
    this.on.near(left < NEAR ? this.say["lease.near"].replace("{time}", `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`) : "");
    if (now - this.beaten < BEAT || now - this.touched > AWAY) return;
    this.beaten = now;
    try { const { until } = await server.heartbeat(mine); if (this.timer && this.id === mine) this.until = Date.parse(until); } catch (e) {
      if (this.timer && this.id === mine && ["lease_lost", "already_settled"].includes(e.code)) { this.end(); this.on.lost(e.details.by ? this.say["lost.by"].replace("{by}", e.details.by) : e.message); }
    }
  }
}
