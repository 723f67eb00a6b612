package shop;

import com.example.texts.HashMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.Hashtable;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;

public class Tricks extends Servlet {
  private static final String MODE = "fixed";
  private boolean changed = false;
  @Value("${on}")
  private boolean injected = false;
  protected boolean open = false;
  private int counted = 5;
  private String bar = "x";
  private byte small = 100;

  void aliases(String p, int n) {
    List<String> first = new ArrayList<>();
    first.add("x");
    List<String> second = new ArrayList<>();
    List<List<String>> both = new ArrayList<>();
    both.add(first);
    both.add(second);
    for (List<String> either : both) {
      either.add(p);
    }
    sink(first); // reached
    String old = first.set(0, "y");
    sink(old); // reached
    String[] array = {"x"};
    List<String> view = Arrays.asList(array);
    array[0] = p;
    sink(view); // reached
    List<String> kept = new ArrayList<>();
    kept.add("x");
    List<String> part = kept.subList(0, 1);
    part.set(0, p);
    sink(kept); // reached
    Map<String, String> table = new TreeMap<>();
    table.put("a", "x");
    for (Map.Entry<String, String> entry : table.entrySet()) {
      entry.setValue(p);
    }
    sink(table.get("a")); // reached
    Map<String, String> other = new Hashtable<>();
    other.put("a", p);
    String before = other.put("a", "x");
    sink(before); // reached
    sink(other.get("a")); // inert
    other.put("b", p);
    other.remove("b", "zzz");
    sink(other.get("b")); // reached
    String[] letters = "a,b".split(",");
    letters[0] = p;
    sink(letters); // reached
    String[][] square = new String[2][2];
    square[0][0] = p;
    sink(square[0][0]); // reached
    String[] five = new String[5];
    sink(five.length > 0 ? p : "x"); // reached
  }

  void ends(String p) {
    Deque<String> deque = new ArrayDeque<>();
    deque.push("x");
    deque.push(p);
    sink(deque.poll()); // reached
    Queue<String> queue = new PriorityQueue<>();
    queue.add("x");
    queue.add(p);
    sink(queue.poll()); // reached
    Set<String> set = new HashSet<>();
    set.add("x");
    set.add(p);
    sink(new ArrayList<>(set).get(0)); // reached
    Map<String, String> own = new HashMap<>();
    own.put("a", "x");
    sink(own.get("a")); // reached
  }

  void fields(String p) {
    sink(MODE); // inert
    if (changed) { sink(p); } // reached
    if (injected) { sink(p); } // reached
    if (open) { sink(p); } // reached
    if (counted != 5) { sink(p); } // reached
    { String bar = "y"; sink(bar); } // inert
    sink(bar); // reached
    small += 100;
    bar = p;
  }

  void change() {
    this.changed = true;
    Tricks.this.counted++;
  }

  void numbers(String p, long large) {
    byte b = 100;
    b += 100;
    sink(b == -56 ? p : "x"); // reached
    double d = 7;
    sink(d / 2 == 3.5 ? p : "x"); // reached
    sink(7 / 2 == 3 ? "x" : p); // inert
    Integer i = 1000;
    Integer j = 1000;
    sink(i == j ? "x" : p); // reached
    sink('A' == 65 ? p : "x"); // reached
    sink(0xFFFFFFFF == -1 ? p : "x"); // reached
    int m = 2147483647;
    m += 1;
    sink(m < 0 ? p : "x"); // reached
    String s = "ab";
    String t = new String("ab");
    sink(s == t ? "x" : p); // reached
    sink("TITLE".toLowerCase().equals("title") ? "x" : p); // reached
    char c = 'A';
    c++;
    sink(c == 'B' ? p : "x"); // reached
    switch (c) { case 66: s = p; break; default: s = "x"; }
    sink(s); // reached
  }

  void closures(String p) {
    List<String> row = new ArrayList<>();
    row.add("x");
    Runnable run = () -> row.add(p);
    run.run();
    sink(row); // reached
    List<String> second = new ArrayList<>();
    class Local {
      void go() { second.add(p); }
    }
    new Local().go();
    sink(second); // reached
    Runnable one = new Runnable() {
      public void run() { sink(clean(p)); } // reached
    };
    Object two = new Object() {
      String clean(String v) { return "x"; }
    };
    List<String> third = new ArrayList<>();
    items.forEach(third::add);
    sink(third); // reached
  }

  String clean(String v) { return v; }

  String overridden(String v) { return "x"; }

  private String own(String v) { return "x"; }

  private String several(String... v) { return "x"; }

  private String several(String v) { return v; }

  void calls(String p, Tricks other) throws Exception {
    sink(overridden(p)); // reached
    sink(own(p)); // inert
    sink(several(p)); // reached
    sink(clean(p)); // reached
    sink(ESAPI.encoder().escape(p)); // inert
    sink(Texts.format("x")); // reached
    sink(helper.escape(p).substring(1)); // reached
  }

  void jumps(String p, int n) {
    String v = "x";
    try {
      v = p;
      own(v);
      v = "x";
    } catch (RuntimeException e) {
      use(e);
    }
    sink(v); // reached
    String w = "x";
    while (true) {
      try { break; } finally { w = p; }
    }
    sink(w); // reached
    String u = "x";
    switch (n) { case 1: u = p; case 2: break; default: u = "y"; }
    sink(u); // reached
    service.abort();
    sink(p); // reached
    System.exit(1);
    sink(p); // inert
  }

  void orders(String p) {
    String[] r = {"x", "y"};
    int k = 0;
    r[k] = (k = 1) > 0 ? p : p;
    sink(r[0]); // reached
  }
}

class Derived extends Tricks {
  String overridden(String v) { return v; }
}
