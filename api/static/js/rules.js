// The form's arithmetic while a person types. It only says what does not fit; it never fills anything in.

// "X27" is 27, "XXX" is 0; "?" is illegible (null); anything else that is no number, and nothing at all, is undefined.
export function parse(text) {
  const said = text.trim();
  if (said === "?") return null;
  if (!/^[Xx_-]*\d*$/.test(said) || said === "") return undefined;
  return Number(said.replace(/^[Xx_-]+/, "") || "0");
}

// {rule, state: "holds" | "broken" | "open", left, right}: left is what is written, right what it should be.
export function check(rule, values, label) {
  const known = (n) => typeof values[n] === "number";
  if (rule.kind === "sum") {
    if (![rule.total, ...rule.parts].every(known)) return { rule, state: "open", left: label(rule.total), right: "" };
    const sum = rule.parts.reduce((s, p) => s + values[p], 0);
    return { rule, state: sum === values[rule.total] ? "holds" : "broken", left: `${label(rule.total)} ${values[rule.total]}`, right: `${rule.parts.map((p) => values[p]).join(" + ")} = ${sum}` };
  }
  const bound = typeof rule.bound === "number" ? rule.bound : values[rule.bound];
  if (!known(rule.total) || typeof bound !== "number") return { rule, state: "open", left: label(rule.total), right: "" };
  const what = typeof rule.bound === "number" ? "" : ` (${label(rule.bound)})`;
  return { rule, state: values[rule.total] <= bound ? "holds" : "broken", left: `${label(rule.total)} ${values[rule.total]}`, right: `≤ ${bound}${what}` };
}

export const numbersOf = (rule) => (rule.kind === "sum" ? [rule.total, ...rule.parts] : typeof rule.bound === "string" ? [rule.total, rule.bound] : [rule.total]);
