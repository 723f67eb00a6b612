<%@ taglib prefix="c" uri="jakarta.tags.core" %>
<!-- ruleid: markup-expression-of-request -->
<p>Hello ${param.name}</p>
<!-- ruleid: markup-expression-of-request -->
<input name="q" value="${param.q}">
<!-- ruleid: markup-expression-of-request -->
<c:out value="${param.note}" escapeXml="false"/>
<!-- ok: markup-expression-of-request -->
<p>Hello ${fn:escapeXml(param.name)}</p>
<!-- ok: markup-expression-of-request -->
<p>Hello <c:out value="${param.name}"/></p>
<!-- ok: markup-expression-of-request -->
<c:if test="${param.ok}">Done</c:if>
<!-- ok: markup-expression-of-request -->
<p>${user.name}</p>
<!-- ok: markup-expression-of-request -->
<option ${param.size == 10 ? 'selected' : ''}>10</option>
