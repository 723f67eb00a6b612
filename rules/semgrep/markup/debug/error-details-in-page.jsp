<%@ page isErrorPage="true" %>
<!-- ruleid: markup-error-details-in-page -->
<pre><% exception.printStackTrace(new java.io.PrintWriter(out)); %></pre>
<!-- ruleid: markup-error-details-in-page -->
<p>${pageContext.exception.message}</p>
<!-- ok: markup-error-details-in-page -->
<p>Something went wrong. Number: ${errorId}</p>
